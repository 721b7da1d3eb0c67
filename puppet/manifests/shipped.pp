# @summary A file that the installed program brings along, copied to where it is read.
#
# It is compared with the program's on the machine itself: so it is always of the installed version, and a dry run on a
# machine without the program says what would be copied. A copy and no link, because systemd reads it before `/opt` need
# be there.
#
# @api private
#
# @param source
#   Its path below the program's `share/shepherd`.
#
# @param path
#   Where it goes.
#
# @param taken_by
#   A command that takes the new file, which it is given as its last word. It is in its place only when that has succeeded.
define shepherd::shipped (
  Pattern[/\A[\w.@\/-]+\z/] $source,
  Shepherd::Path $path = $title,
  Optional[String[1]] $taken_by = undef,
) {
  $from = "/opt/shepherd/share/shepherd/${source}"
  $is_taken = $taken_by ? { undef => '', default => "${taken_by} ${path}.new && " }
  exec { "shepherd: lay ${path}":
    command  => "install -D -m 0644 ${from} ${path}.new && ${is_taken}mv -T ${path}.new ${path}",
    unless   => "cmp -s ${from} ${path} && [ \"$(stat -c %u:%g:%a ${path})\" = 0:0:644 ]",
    provider => shell,
    path     => '/usr/sbin:/usr/bin:/sbin:/bin',
    require  => Exec['shepherd: install the program'],
  }
}
