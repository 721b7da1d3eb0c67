# @summary The plain host again: in an order that leaves it with a regular startd at every moment.
#
# @api private
class shepherd::node::absent {
  contain shepherd::node::home
  contain shepherd::unused

  $settings = $shepherd::node::settings
  $token = $settings['token'] ? { undef => '/etc/shepherd/flock-token', default => $settings['token'] }
  $named = $shepherd::node::trusted_keys.keys.filter |$name| { $name != 'lease.key' }
  $keys = $named.map |$name| { "/etc/shepherd/keys/${name}.pub" }
  $files = [
    '/etc/apparmor.d/shepherd-flock',
    '/usr/local/libexec/shepherd/startd-guard',
    '/etc/shepherd/registry-login',
    $token,
  ]
  $units = [
    'shepherd-keeper.service',
    'shepherd-network.service',
    'shepherd-audit.service',
    'shepherd-audit.timer',
    "${shepherd::node::condor_service}.service.d/50-shepherd.conf",
  ]

  # `shepherd node down` refuses while a container is on the network.
  exec { 'shepherd: the network of the flock VLAN is taken down':
    command   => epp('shepherd/network_down.sh.epp'),
    onlyif    => 'test -x /opt/shepherd/bin/shepherd && test -e /etc/shepherd/node.toml',
    provider  => shell,
    path      => '/usr/sbin:/usr/bin:/sbin:/bin',
    timeout   => 300,
    logoutput => true,
    require   => Class['shepherd::node::home'],
  }
  -> exec { 'shepherd: the AppArmor profile is unloaded':
    command  => 'apparmor_parser --remove /etc/apparmor.d/shepherd-flock',
    onlyif   => "test -e /etc/apparmor.d/shepherd-flock && grep -q '^shepherd-flock ' /sys/kernel/security/apparmor/profiles",
    provider => shell,
    path     => '/usr/sbin:/usr/bin:/sbin:/bin',
  }
  -> shepherd::unit { $units:
    ensure => absent,
  }
  -> file { $files + $keys:
    ensure => absent,
  }
  -> file { '/etc/shepherd/node.toml':
    ensure => absent,
    tag    => 'shepherd_settings',
  }
  -> shepherd::unused_public_key { 'shepherd::node': }
  -> Class['shepherd::unused']
}
