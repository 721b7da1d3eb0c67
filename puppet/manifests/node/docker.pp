# @summary dockerd, with accounts of its own for containers. What the site has set up besides stays.
#
# @api private
class shepherd::node::docker {
  shepherd::packages { 'shepherd::node': names => $shepherd::node::packages }

  if $shepherd::node::manage_docker {
    $here = $facts.dig('shepherd', 'docker')
    $wanted = $shepherd::node::docker_settings
    $differing = $wanted.filter |$key, $value| { $here =~ Hash and $here[$key] != $value }

    if 'shepherd' in $facts and $here =~ Undef {
      fail('/etc/docker/daemon.json is no JSON; mend it, or set shepherd::node::manage_docker to false')
    }

    # Before the package: it starts dockerd, which must not begin without accounts of its own.
    file { '/etc/docker':
      ensure => directory,
      owner  => 'root',
      group  => 'root',
      mode   => '0755',
    }

    # Its formatting is the site's, too: it is written only if something is missing.
    unless $differing.empty {
      file { '/etc/docker/daemon.json':
        ensure  => file,
        owner   => 'root',
        group   => 'root',
        mode    => '0644',
        content => shepherd::json($here + $wanted),
        before  => Shepherd::Packages['dockerd of shepherd::node'],
      }
    }

    shepherd::packages { 'dockerd of shepherd::node':
      names   => [$shepherd::node::docker_package],
      require => File['/etc/docker'],
    }

    shepherd::running { 'docker':
      require => Shepherd::Packages['dockerd of shepherd::node'],
    }

    exec { 'shepherd: dockerd takes its settings':
      command  => 'systemctl restart docker',
      onlyif   => epp('shepherd/dockerd_is_behind.sh.epp'),
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
      timeout  => 600,
      require  => Shepherd::Running['docker'],
    }
  }
}
