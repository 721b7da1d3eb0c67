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
  -> shepherd::reloaded { 'shepherd: HTCondor reads its configuration':
    unit  => $shepherd::node::condor_service,
    files => ["${shepherd::node::condor_config_dir}/50-shepherd-host.conf"],
  }

  if $shepherd::node::switch_startd {
    exec { 'shepherd: the regular startd is restarted behind the guard':
      command  => epp('shepherd/behind_guard.sh.epp', $place + { act => 'switch' }),
      onlyif   => epp('shepherd/behind_guard.sh.epp', $place + { act => 'ask' }),
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
      timeout  => 300,
      require  => Shepherd::Reloaded['shepherd: HTCondor reads its configuration'],
      before   => Shepherd::Running['shepherd-keeper'],
    }
  }

  # New settings are taken without a restart, all or nothing.
  shepherd::reloaded { 'shepherd: the keeper reads its settings':
    unit    => 'shepherd-keeper',
    files   => $shepherd::node::keeper_settings::files,
    require => Class['shepherd::node::keeper_settings'],
  }

  # A restart ends no lend: the container is none of its children.
  shepherd::running { 'shepherd-keeper':
    of      => ['/opt/shepherd', '/etc/systemd/system/shepherd-keeper.service'],
    require => [
      Shepherd::Reloaded['shepherd: HTCondor reads its configuration', 'shepherd: the keeper reads its settings'],
      Exec['shepherd: install the program'],
      Shepherd::Unit['shepherd-keeper.service'],
    ],
  }
  -> shepherd::running { 'shepherd-audit.timer':
    require => Shepherd::Unit['shepherd-audit.service', 'shepherd-audit.timer'],
  }
}
