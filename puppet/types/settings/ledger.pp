# @summary The settings of `[ledger]` in /etc/shepherd/shepherd.toml.
#
# The record of decisions, orders and outcomes.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `keep_days`: Whole days after its end that a day is kept; then its file is removed, and the record says so. Days; 0:
#   for ever. A month can then be held against the same month of the year before. 3 000 busy hosts need 34 MB a day.
#   Nothing goes that is as young as an incident on hold in the record of who ran what. Default: `400`.
type Shepherd::Settings::Ledger = Struct[{
  Optional[keep_days] => Integer,
}]
