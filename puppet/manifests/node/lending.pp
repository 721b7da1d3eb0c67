# @summary `rollout` => `on`: HTCondor starts the guard, and the keeper runs.
#
# @api private
class shepherd::node::lending {
  $given = $shepherd::node::settings['run_dir']
  $run_dir = $given ? { undef => '/run/shepherd', default => $given }
  $place = { condor => $shepherd::node::condor_service, run_dir => $run_dir }

  file { "${shepherd::node::condor_config_dir}/50-shepherd-host.conf":
    ensure => file,
    owner  => 'root',
    group  => 'root',
    mode   => '0644',
    source => 'puppet:///modules/shepherd/50-shepherd-host.conf',
  }
  # HTCondor goes on with the startd that runs, and starts the guard next time.
  ~> exec { 'shepherd: HTCondor reads its configuration':
    command     => "systemctl reload ${shepherd::node::condor_service}",
    onlyif      => "test -d /run/systemd/system && systemctl is-active --quiet ${shepherd::node::condor_service}",
    provider    => shell,
    path        => '/usr/sbin:/usr/bin:/sbin:/bin',
    refreshonly => true,
  }

  if $shepherd::node::switch_startd {
    exec { 'shepherd: the regular startd is restarted behind the guard':
      command  => epp('shepherd/behind_guard.sh.epp', $place + { act => 'switch' }),
      onlyif   => epp('shepherd/behind_guard.sh.epp', $place + { act => 'ask' }),
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
      timeout  => 300,
      require  => Exec['shepherd: HTCondor reads its configuration'],
      before   => Shepherd::Running['shepherd-keeper'],
    }
  }

  # New settings are taken without a restart, all or nothing.
  exec { 'shepherd: the keeper reads its settings':
    command     => 'systemctl reload shepherd-keeper',
    onlyif      => 'test -d /run/systemd/system && systemctl is-active --quiet shepherd-keeper',
    provider    => shell,
    path        => '/usr/sbin:/usr/bin:/sbin:/bin',
    refreshonly => true,
    subscribe   => Class['shepherd::node::keeper_settings'],
  }

  # A restart ends no lend: the container is none of its children.
  shepherd::running { 'shepherd-keeper':
    require   => Exec['shepherd: HTCondor reads its configuration', 'shepherd: the keeper reads its settings'],
    subscribe => [
      Exec['shepherd: install the program'],
      Shepherd::Unit['shepherd-keeper.service'],
    ],
  }
  -> shepherd::running { 'shepherd-audit.timer':
    require => Shepherd::Unit['shepherd-audit.service', 'shepherd-audit.timer'],
  }
}
