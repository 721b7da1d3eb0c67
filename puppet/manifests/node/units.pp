# @summary The host's units, its AppArmor profile, and the network of the flock VLAN.
#
# @api private
class shepherd::node::units {
  shepherd::unit { ['shepherd-keeper.service', 'shepherd-network.service']: }
  shepherd::unit { ['shepherd-audit.service', 'shepherd-audit.timer']: }
  shepherd::unit { "${shepherd::node::condor_service}.service.d/50-shepherd.conf":
    source => 'condor.service.d/50-shepherd.conf',
  }

  if $shepherd::node::keeper_settings::apparmor {
    # A small Debian may have AppArmor in its kernel and nothing to load profiles with.
    shepherd::packages { 'shepherd: profiles of AppArmor': names => ['apparmor'] }
    -> shepherd::shipped { '/etc/apparmor.d/shepherd-flock':
      source   => 'images/flock/apparmor',
      taken_by => 'apparmor_parser --replace --skip-cache',
    }
    -> exec { 'shepherd: the AppArmor profile is loaded':
      command  => 'apparmor_parser --replace --write-cache /etc/apparmor.d/shepherd-flock',
      unless   => "grep -q '^shepherd-flock ' /sys/kernel/security/apparmor/profiles",
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
      before   => Shepherd::Running['shepherd-network'],
    }
  }

  # `shepherd node up`: the tagged sub-interface, the host guard, the docker network. Harmless while the host is lent.
  # Again with other settings, which a unit that has done its work would never hear of.
  shepherd::running { 'shepherd-network':
    of      => ['/etc/shepherd/node.toml', '/etc/systemd/system/shepherd-network.service'],
    require => [File['/etc/shepherd/node.toml'], Shepherd::Unit['shepherd-network.service']],
  }
}
