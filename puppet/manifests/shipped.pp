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
define shepherd::shipped (
  Pattern[/\A[\w.@\/-]+\z/] $source,
  Shepherd::Path $path = $title,
) {
  $from = "/opt/shepherd/share/shepherd/${source}"
  exec { "shepherd: lay ${path}":
    command  => "install -D -m 0644 ${from} ${path}.new && mv -T ${path}.new ${path}",
    unless   => "cmp -s ${from} ${path} && [ \"$(stat -c %u:%g:%a ${path})\" = 0:0:644 ]",
    provider => shell,
    path     => '/usr/sbin:/usr/bin:/sbin:/bin',
    require  => Exec['shepherd: install the program'],
  }
}
