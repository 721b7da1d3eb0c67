# @summary The settings of `[paths]` in /etc/shepherd/shepherd.toml.
#
# Where things lie.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `state`: Directory of the ledger, of this instance's identity and of its lock. Default: `"/var/lib/shepherd"`.
# * `intents`: Spool of intents; its Unix group may order (flockoff, flockon, …). Default:
#   `"/var/lib/shepherd/intents"`.
# * `guests`: Directory of guests, a file each, which only `shepherd guest` writes. Beside it, in `handover`, lies what
#   their administrators are to be given. Default: `"/etc/shepherd/guests.d"`.
# * `condor_config`: HTCondor configuration file for the daemon, its tools, `shepherd check` and `plan`, whoever calls
#   them. Empty: HTCondor's own default (the variable CONDOR_CONFIG, or `/etc/condor/condor_config`) of whoever calls.
#   Default: `"/etc/shepherd/condor_config"`.
# * `tools`: Directory of condor_drain, condor_restart, condor_off, condor_vacate and condor_fetchlog; empty: found
#   through PATH. Default: `""`.
type Shepherd::Settings::Paths = Struct[{
  Optional[state] => String,
  Optional[intents] => String,
  Optional[guests] => String,
  Optional[condor_config] => String,
  Optional[tools] => String,
}]
