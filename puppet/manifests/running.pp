# @summary A unit that runs, now and after a reboot, and was started after what it is made of.
#
# In a chroot that becomes an image it is enabled alone: nothing runs there.
#
# @api private
#
# @param unit
#   Its name.
#
# @param of
#   What it is made of: it is restarted when one of these is newer than its start. Those that are not there count for
#   nothing.
define shepherd::running (
  Shepherd::Unit_name $unit = $title,
  Array[Shepherd::Path] $of = [],
) {
  if $facts.dig('shepherd', 'booted') == false {
    exec { "shepherd: enable ${unit}":
      command  => "systemctl enable ${unit}",
      unless   => "systemctl is-enabled --quiet ${unit}",
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
    }
  } else {
    service { $unit:
      ensure => running,
      enable => true,
    }
    -> Exec <| title == "shepherd: ${unit} is started anew" |>
  }

  unless $of.empty {
    exec { "shepherd: ${unit} is started anew":
      command  => "systemctl restart ${unit}",
      onlyif   => epp('shepherd/behind.sh.epp', { unit => $unit, since => 'start', files => $of }),
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
    }
  }
}
