# @summary The dashboard, beside the daemon: its unit, and what its proxies prove themselves with; or neither.
#
# @api private
class shepherd::central_manager::dashboard {
  $unit = '/etc/systemd/system/shepherd-web.service'
  $secret = '/etc/shepherd/secrets/web-proxy'
  $wanted = $shepherd::central_manager::dashboard and $shepherd::central_manager::ensure != 'absent'
  $settings = $shepherd::central_manager::settings.lest || { {} }
  $web = $settings['web'].lest || { {} }
  $proxies = $web['proxies'].lest || { [] }

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
    } elsif $web['proxy_secret'] != $secret {
      file { $secret:
        ensure => absent,
        before => Shepherd::Running['shepherd-web'],
      }
    }

    shepherd::unit { 'shepherd-web.service': }
    shepherd::central_manager::proxies { 'shepherd-web.service':
      addresses => $proxies.filter |$one| { $one !~ /\A(127\.|::1\z)/ },
    }

    # It reads its settings at its start alone.
    shepherd::running { 'shepherd-web':
      of      => ['/opt/shepherd', '/etc/shepherd/shepherd.toml', $unit, "${unit}.d/proxies.conf", $secret],
      require => Shepherd::Unit['shepherd-web.service'],
    }
  } else {
    exec { 'shepherd: the dashboard ends':
      command  => 'systemctl disable --now shepherd-web 2>&1',
      onlyif   => "test -e ${unit}",
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
    }
    -> shepherd::central_manager::proxies { 'shepherd-web.service':
      addresses => [],
    }
    -> shepherd::unit { 'shepherd-web.service':
      ensure => absent,
    }
    -> file { $secret:
      ensure => absent,
    }
  }
}
