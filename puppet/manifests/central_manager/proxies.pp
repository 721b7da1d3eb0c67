# @summary What lets proxies elsewhere through to a unit that hears this machine alone.
#
# @api private
#
# @param unit
#   Its name.
#
# @param addresses
#   Of the proxies; none: the unit is as it was shipped. What the site lays beside it stays.
define shepherd::central_manager::proxies (
  Pattern[/\A[\w.@-]+\z/] $unit = $title,
  Array[String[1]] $addresses = [],
) {
  $directory = "/etc/systemd/system/${unit}.d"
  $file = "${directory}/proxies.conf"

  if $addresses.empty {
    file { $file:
      ensure => absent,
      before => Exec["shepherd: systemd reads ${unit}"],
    }
    -> exec { "shepherd: remove ${directory}":
      command  => "rmdir ${directory}",
      onlyif   => "test -d ${directory} && [ -z \"$(ls -A ${directory})\" ]",
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
    }
  } else {
    file { $directory:
      ensure => directory,
      owner  => 'root',
      group  => 'root',
      mode   => '0755',
    }
    -> file { $file:
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => "# Proxies that [web] of the settings names. Laid by Puppet.\n[Service]\nIPAddressAllow=${addresses.join(' ')}\n",
      before  => Exec["shepherd: systemd reads ${unit}"],
    }
  }
}
