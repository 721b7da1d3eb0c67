# @summary The keeper's settings, and the files that they name.
#
# @api private
class shepherd::node::keeper_settings {
  $given = $shepherd::node::settings
  $host = $given['host'] ? { undef => $facts['networking']['fqdn'], default => $given['host'] }
  $keys = $shepherd::node::trusted_keys.keys.map |$name| { "/etc/shepherd/keys/${name}.pub" }
  $named_keys = $given['trusted_keys'] ? { undef => [], default => $given['trusted_keys'] }
  $apparmor = $facts.dig('shepherd', 'apparmor') ? { true => 'shepherd-flock', default => undef }
  $condor = $shepherd::node::condor_service ? { 'condor' => undef, default => $shepherd::node::condor_service }
  $login = $shepherd::node::registry_login ? { undef => undef, default => '/etc/shepherd/registry-login' }

  $derived = {
    host           => $host,
    flock_name     => $host.regsubst('\Ap', 'f'),
    flock_mac      => shepherd::mac($given['flock_address']),
    apparmor       => $apparmor,
    registry_login => $login,
    condor_service => $condor,
  }
  $all = $derived + $given + { trusted_keys => ($keys + $named_keys).unique }

  file {
    default:
      owner => 'root',
      group => 'root',
      ;
    '/etc/shepherd/node.toml':
      ensure       => file,
      mode         => '0644',
      content      => epp('shepherd/settings.toml.epp', { owner => 'shepherd::node', tables => { '' => $all } }),
      validate_cmd => '/opt/shepherd/bin/shepherd --settings % check --node --effective',
      tag          => 'shepherd_settings',
      ;
  }

  $shepherd::node::trusted_keys.each |$name, $key| {
    file { "/etc/shepherd/keys/${name}.pub":
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => $key,
      before  => File['/etc/shepherd/node.toml'],
    }
  }

  $token = $all['token'] ? { undef => '/etc/shepherd/flock-token', default => $all['token'] }
  # What the keeper reads.
  $files = ['/etc/shepherd/node.toml', $token] + $all['registry_login'].then |$file| { [$file] }.lest || { [] } + $keys

  if $shepherd::node::flock_token {
    file { $token:
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0600',
      content => $shepherd::node::flock_token,
    }
  }

  if $shepherd::node::registry_login {
    file { $all['registry_login']:
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0600',
      content => Sensitive(shepherd::json($shepherd::node::registry_login.unwrap)),
    }
  }
}
