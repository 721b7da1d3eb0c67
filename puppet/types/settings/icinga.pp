# @summary The settings of `[icinga]` in /etc/shepherd/shepherd.toml.
#
# Icinga2, whose checks are silenced while their startd is meant to be away. Empty url: none is.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `url`: Where its API answers, e.g. `https://icinga.example.org:5665`. Only https; empty: no check is silenced.
#   Default: `""`.
# * `user`: Name of the ApiUser; the shipped file for Icinga's administrators, `icinga/shepherd.conf`, has one that may
#   do just this. Default: `"shepherd"`.
# * `password_file`: File with the ApiUser's password, readable by the daemon alone. The shipped unit hands it over as
#   `/run/credentials/shepherd.service/icinga-password`. Default: `"/etc/shepherd/secrets/icinga-password"`.
# * `ca_file`: File with the authority that signed Icinga's certificate (PEM; `/var/lib/icinga2/certs/ca.crt` there);
#   empty: those of the system. The certificate is verified in any case, also the name in it. Default: `""`.
# * `regular`: Checks of the regular startd, silent while the host is lent: `HOST!SERVICE` or `HOST`, made from the
#   names of the pair as HTCondor has them, `{host}` (p220.example.org) and `{flock}`, or without their domain,
#   `{host_short}` (p220) and `{flock_short}`, where no two hosts are one then. Name no check that must tell of a dead
#   host. Default: `["{host}!startd"]`.
# * `flock`: Checks of the flocking startd, silent while the host is local; made in the same way. Default:
#   `["{host}!flock-startd"]`.
# * `silence`: How: by downtimes of our own, which lapse by themselves when the shepherd is dead (`downtime`), or by
#   switching active checks off and on (`disable-checks`, as in the original talk), which lasts until a shepherd is
#   back, keeps no history of the outage, hides what a passive check would tell, and needs the right to change these
#   objects: user `shepherd-checks` of the second shipped file. Default: `"downtime"`.
# * `downtime_s`: Length of a downtime, renewed at its half. Seconds. A dead shepherd hides no alert for longer; with
#   `disable-checks` a living one hides no dead host for longer, once it has given the lend up. Default: `7200.0`.
# * `request_s`: Deadline of one request. Seconds. Requests are made beside the loop and never hold it. Default: `5.0`.
# * `lend_waits_s`: How long a lend waits for its check to be silent, before the drain. Seconds. Then it goes on and
#   says so; a reclaim never waits. Default: `20.0`.
# * `heartbeat`: The check, `HOST!SERVICE`, that the shepherd's own sign of life is sent to; empty: none. It alarms by
#   itself when the shepherd is dead: see the shipped `icinga/shepherd-templates.conf`. Default: `""`.
# * `heartbeat_ttl_s`: For how long a sign of life lasts; the next is sent after a third of it. Seconds. Default:
#   `180.0`.
type Shepherd::Settings::Icinga = Struct[{
  Optional[url] => String,
  Optional[user] => String,
  Optional[password_file] => String,
  Optional[ca_file] => String,
  Optional[regular] => Array[String[1]],
  Optional[flock] => Array[String[1]],
  Optional[silence] => Enum['downtime', 'disable-checks'],
  Optional[downtime_s] => Numeric,
  Optional[request_s] => Numeric,
  Optional[lend_waits_s] => Numeric,
  Optional[heartbeat] => String,
  Optional[heartbeat_ttl_s] => Numeric,
}]
