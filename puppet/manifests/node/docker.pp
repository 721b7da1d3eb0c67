# @summary dockerd, with accounts of its own for containers. What the site has set up besides stays.
#
# @api private
class shepherd::node::docker {
  shepherd::packages { 'shepherd::node': names => $shepherd::node::packages }

  if $shepherd::node::manage_docker {
    $settings = { wanted => $shepherd::node::docker_settings }

    # Before the package: it starts dockerd, which must not begin without accounts of its own.
    file { '/etc/docker':
      ensure => directory,
      owner  => 'root',
      group  => 'root',
      mode   => '0755',
    }

    # No resource of the file: what else it says is the site's, may be secret, and leaves the host in no fact or report.
    exec { 'shepherd: dockerd has its settings':
      command   => epp('shepherd/docker_settings.sh.epp', $settings + { act => 'write' }),
      onlyif    => epp('shepherd/docker_settings.sh.epp', $settings + { act => 'ask' }),
      provider  => shell,
      path      => '/usr/sbin:/usr/bin:/sbin:/bin',
      logoutput => true,
      require   => File['/etc/docker'],
    }

    shepherd::packages { 'dockerd of shepherd::node':
      names   => [$shepherd::node::docker_package],
      require => Exec['shepherd: dockerd has its settings'],
    }

    shepherd::running { 'docker':
      require => Shepherd::Packages['dockerd of shepherd::node'],
    }

    $began_before = epp('shepherd/behind.sh.epp', {
      unit  => 'docker',
      since => 'start',
      files => ['/etc/docker/daemon.json'],
    })
    exec { 'shepherd: dockerd takes its settings':
      command  => 'systemctl restart docker',
      onlyif   => "(\n${began_before}) || exit 1\n${epp('shepherd/no_container_runs.sh.epp')}",
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
      timeout  => 600,
      require  => Shepherd::Running['docker'],
    }
  }
}
