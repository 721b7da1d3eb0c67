# @summary A unit that runs, now and after a reboot. What it subscribes to restarts it.
#
# In a chroot that becomes an image it is enabled alone: nothing runs there.
#
# @api private
#
# @param unit
#   Its name.
define shepherd::running (
  Shepherd::Unit_name $unit = $title,
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
  }
}
