# @summary The settings of `[drill]` in /etc/shepherd/shepherd.toml.
#
# The drill: a real flocked job makes a connection, and the record must name it by that alone.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `target`: Where the job connects to, `ADDRESS:PORT`: an address outside that guests may reach. Empty: it must be
#   given. Default: `""`.
# * `listen`: Where this machine hears that connection, `ADDRESS:PORT`, if it comes here. Empty: somebody else's log
#   says when it came and from which port, and `shepherd drill check --at` is told. Default: `""`.
# * `submit`: Command, word by word, that submits at a guest's schedd what it reads on its standard input, e.g. `["ssh",
#   "submit.campus.example", "condor_submit"]`. Empty: `shepherd drill prepare` prints what is to be submitted, for an
#   administrator of the guest's. Default: `[]`.
# * `wait_s`: So long the connection is waited for: a host may have to be lent first. Seconds. Default: `1800.0`.
# * `record_s`: So long after the connection the record may take to have all of it. Seconds. Default: `300.0`.
type Shepherd::Settings::Drill = Struct[{
  Optional[target] => String,
  Optional[listen] => String,
  Optional[submit] => Array[String[1]],
  Optional[wait_s] => Numeric,
  Optional[record_s] => Numeric,
}]
