# @summary A unit that runs reads its files again when one of them is newer than its start and its last reload.
#
# @api private
#
# @param unit
#   The unit.
#
# @param files
#   What it reads. Those that are not there count for nothing.
define shepherd::reloaded (
  Shepherd::Unit_name $unit,
  Array[String[1], 1] $files,
) {
  exec { $title:
    command  => "systemctl reload ${unit}",
    onlyif   => epp('shepherd/behind.sh.epp', { unit => $unit, since => 'change', files => $files }),
    provider => shell,
    path     => '/usr/sbin:/usr/bin:/sbin:/bin',
  }
}
