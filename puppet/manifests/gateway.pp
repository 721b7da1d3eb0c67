# @summary The flock VLAN's only way out: the firewall, which switches forwarding on itself, when its rules are in force.
#
# Nothing here makes this machine a router: no file of sysctl does, because it would be read before any rule is loaded.
# `shepherd gateway run` bars the VLAN, loads the rules, and only then lets the kernel forward, between the named
# interfaces alone. The VLAN's interface with its address is the site's to make.
#
# @param settings
#   `/etc/shepherd/gateway.toml`: every key that the firewall knows, and no other. `outside`, `nat_address` and
#   `site_networks` must be given. Its own rules are asked before the file is replaced.
#
# @param ensure
#   `absent`: the unit is stopped and removed, nothing is forwarded from the VLAN any more. The rules stay in the kernel
#   until the next reboot, so that the VLAN reaches nothing of this machine either. With `routes_for_others` the run fails,
#   and changes nothing, as long as the VLAN's interface exists: after a reboot such a machine would route the VLAN, too.
#
# @param packages
#   Packages of the distribution that the gateway needs. Those that the site declares itself are left to it.
#
# @example
#   class { 'shepherd::gateway':
#     settings => {
#       outside       => ['em2'],
#       nat_address   => '198.51.100.7',
#       site_networks => ['198.51.100.0/24'],
#       dns           => ['198.51.100.53'],
#     },
#   }
class shepherd::gateway (
  Array[String[1]] $packages,
  Optional[Shepherd::Settings::Gateway] $settings = undef,
  Shepherd::Ensure $ensure = 'present',
) {
  $unit = 'shepherd-gateway.service'

  if $ensure == 'absent' {
    contain shepherd::unused

    exec { 'shepherd: the gateway ends':
      command   => epp('shepherd/gateway_ends.sh.epp'),
      onlyif    => "test -e /etc/systemd/system/${unit}",
      provider  => shell,
      path      => '/usr/sbin:/usr/bin:/sbin:/bin',
      logoutput => true,
    }
    -> shepherd::unit { $unit:
      ensure => absent,
    }
    -> file { '/etc/shepherd/gateway.toml':
      ensure => absent,
      tag    => 'shepherd_settings',
    }
    -> Class['shepherd::unused']
  } else {
    unless $settings {
      fail('shepherd::gateway::settings: outside, nat_address and site_networks must be given')
    }
    contain shepherd


    shepherd::packages { 'shepherd::gateway': names => $packages }

    file { '/etc/shepherd/gateway.toml':
      ensure       => file,
      owner        => 'root',
      group        => 'root',
      mode         => '0644',
      content      => epp('shepherd/settings.toml.epp', { owner => 'shepherd::gateway', tables => { '' => $settings } }),
      validate_cmd => '/opt/shepherd/bin/shepherd --settings % check --gateway --effective',
      tag          => 'shepherd_settings',
      require      => Class['shepherd'],
    }

    shepherd::unit { $unit: }

    shepherd::reloaded { 'shepherd: the gateway reads its settings':
      unit    => 'shepherd-gateway',
      files   => ['/etc/shepherd/gateway.toml'],
      require => File['/etc/shepherd/gateway.toml'],
    }

    shepherd::running { 'shepherd-gateway':
      of      => ['/opt/shepherd', "/etc/systemd/system/${unit}"],
      require => [
        Shepherd::Packages['shepherd::gateway'],
        Shepherd::Reloaded['shepherd: the gateway reads its settings'],
        Exec['shepherd: install the program'],
        Shepherd::Unit[$unit],
      ],
    }
  }
}
