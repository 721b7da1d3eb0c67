# @summary The settings of `[web]` in /etc/shepherd/shepherd.toml.
#
# The dashboard, `shepherd web`: read-only, for browsers. It shows nobody who a person is, but whom an authenticating
# proxy names and `[roles] personal` allows (docs/web.md).
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `listen`: Where it listens, `ADDRESS:PORT`. Beyond this machine only with `proxies`, which alone may then ask.
#   Default: `"127.0.0.1:9690"`.
# * `hosts`: Names by which browsers may ask for it (the Host header, without a port), besides localhost and 127.0.0.1:
#   that of the proxy's site, e.g. `["flock.example.org"]`. Others are refused, so that no foreign page can make a
#   browser read it under a name of its own. Default: `[]`.
# * `proxies`: Addresses of the proxies that have seen who asks, e.g. `["127.0.0.1"]`. Empty: everybody is nobody.
#   Default: `[]`.
# * `user_header`: Header in which those proxies name the Unix user. From everybody else it is ignored. Default:
#   `"X-Remote-User"`.
# * `proxy_secret`: File with what these proxies say in the header `X-Shepherd-Proxy`. Needed for a proxy on this
#   machine, where everybody could speak as it. Empty: none is asked for. Default: `""`.
# * `streams`: Pages that are kept up to date at one time; further ones say that they are not connected, and ask again
#   each minute. Default: `200`.
type Shepherd::Settings::Web = Struct[{
  Optional[listen] => String,
  Optional[hosts] => Array[String[1]],
  Optional[proxies] => Array[String[1]],
  Optional[user_header] => String,
  Optional[proxy_secret] => String,
  Optional[streams] => Integer,
}]
