# @summary The settings of `[hosts]` in /etc/shepherd/shepherd.toml.
#
# Which hosts, and how their two startds are named.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `regular`: Regular expression matching the whole machine name of a regular startd, with named groups. Default:
#   `"p(?P<rest>.*)"`.
# * `flock`: Name of the flocking startd's machine, made from those groups: `p-7-17` gives `f-7-17`. Default:
#   `"f{rest}"`.
# * `pairs`: Regular to flocking machine names that the rule does not make; these win over the rule. Default: `{}`.
# * `exclude`: Machines that match but are never lent (pinned local), and go home if they are; shown as such. Default:
#   `[]`.
# * `always_lend`: Machines that `demand` lends first, without a quiet time, and reclaims last. One that idle jobs wait
#   for stays, if no other host has room, and the reserve holds for them, too. Default: `[]`.
# * `maintenance`: Hours in which hosts are home: `Tue 08:00-12:00 p2*`, `Mon-Fri 22:00-06:00 *`,
#   `2026-12-24T08:00/2026-12-27T18:00 p201,p202`. Lent hosts are called so early that guests have their notice.
#   Default: `[]`.
# * `zone`: Time zone of these hours, e.g. `Europe/Vienna`. Default: `"UTC"`.
type Shepherd::Settings::Hosts = Struct[{
  Optional[regular] => String,
  Optional[flock] => String,
  Optional[pairs] => Hash[String[1], String[1]],
  Optional[exclude] => Array[String[1]],
  Optional[always_lend] => Array[String[1]],
  Optional[maintenance] => Array[String[1]],
  Optional[zone] => String,
}]
