# @summary The host is at home for good: a lend is ended, the keeper does not run, HTCondor starts its own startd.
#
# First the keeper, so that nothing new begins; then the container, by the graceful way that its guests know; then, when
# the regular startd has the host, HTCondor's configuration.
#
# @api private
class shepherd::node::home {
  $given = $shepherd::node::settings['run_dir']
  $run_dir = $given ? { undef => '/run/shepherd', default => $given }
  $place = { condor => $shepherd::node::condor_service, run_dir => $run_dir }

  exec { 'shepherd: the host goes home':
    command   => epp('shepherd/go_home.sh.epp', $place + { act => 'go' }),
    onlyif    => epp('shepherd/go_home.sh.epp', $place + { act => 'ask' }),
    provider  => shell,
    path      => '/usr/sbin:/usr/bin:/sbin:/bin',
    timeout   => 900,
    logoutput => true,
  }
  -> file { "${shepherd::node::condor_config_dir}/50-shepherd-host.conf":
    ensure => absent,
  }
  # Whether or not this run took the file away: one that was cut short has taken it and told nobody. The guard's program
  # stays until its master starts another.
  -> exec { 'shepherd: HTCondor starts its own startd again':
    command   => epp('shepherd/without_guard.sh.epp', { condor => $place['condor'], act => 'go' }),
    onlyif    => epp('shepherd/without_guard.sh.epp', { condor => $place['condor'], act => 'ask' }),
    provider  => shell,
    path      => '/usr/sbin:/usr/bin:/sbin:/bin',
    timeout   => 300,
    logoutput => true,
  }
}
