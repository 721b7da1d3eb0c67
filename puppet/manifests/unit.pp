# @summary A unit of the installed program, known to systemd.
#
# @api private
#
# @param path
#   Its path below `/etc/systemd/system`.
#
# @param source
#   Its path below the program's `share/shepherd/systemd`.
#
# @param ensure
#   Whether it is there.
define shepherd::unit (
  Pattern[/\A[\w.@\/-]+\z/] $path = $title,
  Pattern[/\A[\w.@\/-]+\z/] $source = $path,
  Shepherd::Ensure $ensure = 'present',
) {
  $unit = $path.regsubst('\.d/.*\z', '')

  if $ensure == 'absent' {
    file { "/etc/systemd/system/${path}":
      ensure => absent,
      before => Exec["shepherd: systemd reads ${path}"],
    }
  } else {
    shepherd::shipped { "/etc/systemd/system/${path}":
      source => "systemd/${source}",
      before => Exec["shepherd: systemd reads ${path}"],
    }
  }

  # By systemd's own word, and not only if this run has changed the file.
  exec { "shepherd: systemd reads ${path}":
    command  => 'systemctl daemon-reload',
    onlyif   => "test -d /run/systemd/system && [ \"$(systemctl show --property=NeedDaemonReload --value ${unit})\" = yes ]",
    provider => shell,
    path     => '/usr/sbin:/usr/bin:/sbin:/bin',
  }
}
