# @summary The plain central manager again. Hosts go home by themselves when their leases lapse.
#
# @api private
class shepherd::central_manager::absent {
  contain shepherd::central_manager::negotiator
  contain shepherd::central_manager::dashboard
  contain shepherd::unused

  $tokens = (['home', 'flock'] + $shepherd::central_manager::tokens.unwrap.keys).unique.map |$name| {
    "/etc/shepherd/tokens.d/${name}"
  }
  $files = [
    '/etc/shepherd/condor_config',
    '/etc/shepherd/secrets/icinga-password',
    '/etc/shepherd/icinga-ca.crt',
    '/etc/tmpfiles.d/shepherd-personal.conf',
    '/etc/shepherd/keys/lease.key',
  ] + $tokens

  exec { 'shepherd: the daemon ends':
    command  => 'systemctl disable --now shepherd 2>&1',
    onlyif   => 'test -e /etc/systemd/system/shepherd.service',
    provider => shell,
    path     => '/usr/sbin:/usr/bin:/sbin:/bin',
    timeout  => 300,
  }
  -> shepherd::unit { 'shepherd.service':
    ensure => absent,
  }
  -> file { $files:
    ensure => absent,
  }
  -> file { '/etc/shepherd/shepherd.toml':
    ensure => absent,
    tag    => 'shepherd_settings',
  }
  -> shepherd::unused_public_key { 'shepherd::central_manager': }
  -> Class['shepherd::unused']

  Class['shepherd::central_manager::dashboard'] -> Class['shepherd::unused']

  # A flock pool that the site declares itself is left to it.
  if $shepherd::central_manager::manage_flock_pool and !defined(Class['shepherd::flock_pool']) {
    class { 'shepherd::flock_pool':
      ensure => absent,
    }
    contain shepherd::flock_pool
    Shepherd::Unit['shepherd.service'] -> Class['shepherd::flock_pool'] -> Class['shepherd::unused']
  }
}
