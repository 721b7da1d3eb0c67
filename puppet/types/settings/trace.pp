# @summary The settings of `[trace]` in /etc/shepherd/shepherd.toml.
#
# What hosts and the gateway record, and the shepherd collects.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `gateway_spool`: Directory of the gateway's flow records, where the gateway is this machine; empty: they are not
#   collected. Default: `""`.
# * `fetch_s`: A host that has recorded something is asked for it at most so often. Seconds. Each time is a tool that
#   starts: a thousand lent hosts are some thirty of them a second. Default: `30.0`.
# * `fetchers`: Workers that ask, at one time. A host that does not answer keeps one of them busy for `command_s`.
#   Default: `8`.
type Shepherd::Settings::Trace = Struct[{
  Optional[gateway_spool] => String,
  Optional[fetch_s] => Numeric,
  Optional[fetchers] => Integer,
}]
