# @summary The settings of `[home]` in /etc/shepherd/shepherd.toml.
#
# The site's own pool.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `name`: Name of the pool in lease pages; keepers accept only pages of their own pool.
# * `collector`: Address of the home collector, `host[:port]`; empty: COLLECTOR_HOST of the HTCondor configuration.
#   Default: `""`.
# * `schedds`: Names (`Name` of the schedd ad) whose idle jobs are local demand. At least one. Default: `[]`.
# * `schedd_identities`: Authenticated identities those schedds update the collector as (`AuthenticatedIdentity`,
#   written by the collector itself). At least one: a name alone can be claimed by anybody. A schedd under the same
#   condor_master as the collector is `condor@family`. Default: `[]`.
type Shepherd::Settings::Home = Struct[{
  name => String[1],
  Optional[collector] => String,
  Optional[schedds] => Array[String[1]],
  Optional[schedd_identities] => Array[String[1]],
}]
