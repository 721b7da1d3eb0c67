# @summary `[flockoff]` of /etc/shepherd/shepherd.toml: the file that stops all flocking.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `path`: Anything at this path stops flocking. Default: `"/tmp/flockoff"`.
# * `latch`: True: once seen, the stop stays until `shepherd flockon` or its expiry, also when the file vanishes (tmp
#   cleaning, reboot). Default: `true`.
type Shepherd::Settings::Flockoff = Struct[{
  Optional[path] => String,
  Optional[latch] => Boolean,
}]
