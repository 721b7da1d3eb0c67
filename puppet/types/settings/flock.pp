# @summary The settings of `[flock]` in /etc/shepherd/shepherd.toml.
#
# The flock pool: the second, small HTCondor instance that guests see.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `collector`: Address of the flock pool's collector, `host:port`.
# * `image`: Id of the only image that is lent, `sha256:…` (64 hex digits). By digest only, so that nobody can swap it.
# * `condor_config`: The flock pool's own HTCondor configuration, on the machine that has its signing key: `shepherd
#   guest` works with it. The daemon does not read it. Default: `"/etc/condor-flock/condor_config"`.
type Shepherd::Settings::Flock = Struct[{
  collector => String[1],
  image => String[1],
  Optional[condor_config] => String,
}]
