# @summary The settings of `[flockoff]` in /etc/shepherd/shepherd.toml.
#
# The file that stops all flocking.
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
