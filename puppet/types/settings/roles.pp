# @summary The settings of `[roles]` in /etc/shepherd/shepherd.toml.
#
# Unix groups whose members may do what not everybody in the spool's group may. Root and the daemon's own account always
# may; an empty list means nobody besides. Every member of these groups must be able to write the spool of intents
# (`paths.intents`), too: without a record nothing of this is done.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `personal`: Groups that may see who a person is in answers of `shepherd trace`, and evidence. Everybody else is
#   shown a pseudonym, the same one for the same person. The first of them reads the files with the keys: it must exist,
#   and be given their directory (docs/install.md). Default: `[]`.
# * `stop`: Groups that may ban, unban and quarantine. Default: `[]`.
# * `release`: Groups that may give a quarantined host back to work. Apart from `stop`, so that whoever stopped
#   something and whoever says that it is over can be two people. Default: `[]`.
type Shepherd::Settings::Roles = Struct[{
  Optional[personal] => Array[String[1]],
  Optional[stop] => Array[String[1]],
  Optional[release] => Array[String[1]],
}]
