# @summary The daemon: settings, keys, tokens, unit.
#
# @api private
class shepherd::central_manager::daemon {
  $given = $shepherd::central_manager::settings
  $authority = '/etc/shepherd/icinga-ca.crt'
  $icinga = $shepherd::central_manager::icinga_ca ? {
    undef   => {},
    default => { icinga => { ca_file => $authority } + $given['icinga'].lest || { {} } },
  }
  $settings = $given + $icinga

  file {
    default:
      ensure => file,
      owner  => 'root',
      group  => 'root',
      mode   => '0644',
      ;
    '/etc/shepherd/shepherd.toml':
      content      => epp('shepherd/settings.toml.epp', { owner => 'shepherd::central_manager', tables => $settings }),
      validate_cmd => '/opt/shepherd/bin/shepherd --settings % check --effective',
      tag          => 'shepherd_settings',
      require      => File['/etc/shepherd/condor_config'],
      ;
    '/etc/shepherd/condor_config':
      content => epp('shepherd/daemon.conf.epp', {
        collector => $settings['home']['collector'],
        settings  => $shepherd::central_manager::condor_settings,
      }),
      ;
    '/etc/shepherd/secrets':
      ensure => directory,
      mode   => '0700',
      ;
    '/etc/shepherd/tokens.d':
      ensure => directory,
      group  => 'shepherd',
      mode   => '0750',
      ;
  }

  if $shepherd::central_manager::lease_key {
    file { '/etc/shepherd/keys/lease.key':
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0600',
      content => $shepherd::central_manager::lease_key,
      before  => Shepherd::Running['shepherd'],
    }
  } else {
    exec { 'shepherd: make the key that signs lease pages':
      command   => '/opt/shepherd/bin/shepherd key create --key /etc/shepherd/keys/lease.key',
      creates   => '/etc/shepherd/keys/lease.key',
      logoutput => true,
      provider  => shell,
      path      => '/usr/sbin:/usr/bin:/sbin:/bin',
      require   => File['/etc/shepherd/keys'],
      before    => Shepherd::Running['shepherd'],
    }
  }

  if $shepherd::central_manager::icinga_ca {
    file { $authority:
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => $shepherd::central_manager::icinga_ca,
      before  => File['/etc/shepherd/shepherd.toml'],
    }
  }

  if $shepherd::central_manager::icinga_password {
    file { '/etc/shepherd/secrets/icinga-password':
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0600',
      content => $shepherd::central_manager::icinga_password,
      before  => Shepherd::Running['shepherd'],
    }
  }

  $tokens = $shepherd::central_manager::tokens.unwrap
  $tokens.each |$name, $token| {
    file { "/etc/shepherd/tokens.d/${name}":
      ensure  => file,
      owner   => 'shepherd',
      group   => 'shepherd',
      mode    => '0600',
      content => Sensitive($token),
      before  => Shepherd::Running['shepherd'],
    }
  }

  $pools = { 'home' => '/etc/condor/condor_config', 'flock' => '/etc/condor-flock/condor_config' }
  $pools.each |$name, $config| {
    if $shepherd::central_manager::make_tokens and !($name in $tokens) {
      exec { "shepherd: make the daemon's token for the ${name} pool":
        command  => epp('shepherd/token.sh.epp', { pool => $name, config => $config, act => 'make' }),
        onlyif   => epp('shepherd/token.sh.epp', { pool => $name, config => $config, act => 'ask' }),
        provider => shell,
        path     => '/usr/sbin:/usr/bin:/sbin:/bin',
        require  => File['/etc/shepherd/tokens.d'],
        before   => Shepherd::Running['shepherd'],
      }
    }
  }

  # The daemon may give no file away; its keys have the group of their directory.
  $group = $settings.dig('roles', 'personal', 0)
  $state = $settings.dig('paths', 'state').lest || { '/var/lib/shepherd' }
  $trace = $settings.dig('trace', 'directory') ? {
    undef   => "${state}/trace",
    ''      => "${state}/trace",
    default => $settings['trace']['directory'],
  }
  if $group {
    file { '/etc/tmpfiles.d/shepherd-personal.conf':
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp('shepherd/personal.conf.epp', { directory => $trace, group => $group }),
      require => Exec['shepherd: make the directories'],
    }
    -> exec { 'shepherd: give the keys to who may see names':
      command  => 'systemd-tmpfiles --create /etc/tmpfiles.d/shepherd-personal.conf',
      unless   => "[ \"$(stat -c %G:%a '${trace}/keys')\" = '${group}:2750' ]",
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
      before   => Shepherd::Running['shepherd'],
    }
  } else {
    file { '/etc/tmpfiles.d/shepherd-personal.conf':
      ensure => absent,
    }
  }

  shepherd::unit { 'shepherd.service': }

  shepherd::reloaded { 'shepherd: the daemon reads its settings':
    unit    => 'shepherd',
    files   => ['/etc/shepherd/shepherd.toml', '/etc/shepherd/condor_config', $authority],
    require => File['/etc/shepherd/shepherd.toml', '/etc/shepherd/condor_config'],
  }

  # systemd gives the daemon copies of these at its start. A key that Puppet did not bring is rotated by hand, with the
  # restart that belongs to it.
  $brought = {
    '/etc/shepherd/keys/lease.key'           => $shepherd::central_manager::lease_key,
    '/etc/shepherd/secrets/icinga-password' => $shepherd::central_manager::icinga_password,
  }
  $copied = $brought.filter |$path, $content| { $content =~ NotUndef }.keys

  # A restart moves no host: leases last for it.
  shepherd::running { 'shepherd':
    of      => ['/opt/shepherd', '/etc/systemd/system/shepherd.service'] + $copied,
    require => [
      Shepherd::Reloaded['shepherd: the daemon reads its settings'],
      Exec['shepherd: install the program'],
      Shepherd::Unit['shepherd.service'],
    ],
  }
}
