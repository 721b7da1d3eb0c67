# @summary The dashboard, beside the daemon: its unit, and what its proxy proves itself with; or neither.
#
# @api private
class shepherd::central_manager::dashboard {
  $unit = '/etc/systemd/system/shepherd-web.service'
  $secret = '/etc/shepherd/secrets/web-proxy'
  $wanted = $shepherd::central_manager::dashboard and $shepherd::central_manager::ensure != 'absent'

  if $wanted {
    if $shepherd::central_manager::proxy_secret {
      file { $secret:
        ensure  => file,
        owner   => 'root',
        group   => 'root',
        mode    => '0600',
        content => $shepherd::central_manager::proxy_secret,
        require => File['/etc/shepherd/secrets'],
        before  => Shepherd::Running['shepherd-web'],
      }
    }

    shepherd::unit { 'shepherd-web.service': }

    # It reads its settings at its start alone.
    shepherd::running { 'shepherd-web':
      of      => ['/opt/shepherd', '/etc/shepherd/shepherd.toml', $unit, $secret],
      require => Shepherd::Unit['shepherd-web.service'],
    }
  } else {
    exec { 'shepherd: the dashboard ends':
      command  => 'systemctl disable --now shepherd-web 2>&1',
      onlyif   => "test -e ${unit}",
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
    }
    -> shepherd::unit { 'shepherd-web.service':
      ensure => absent,
    }
    -> file { $secret:
      ensure => absent,
    }
  }
}
