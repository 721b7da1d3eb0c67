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
  ~> exec { 'shepherd: HTCondor reads its configuration':
    command     => "systemctl reload ${shepherd::node::condor_service}",
    onlyif      => "test -d /run/systemd/system && systemctl is-active --quiet ${shepherd::node::condor_service}",
    provider    => shell,
    path        => '/usr/sbin:/usr/bin:/sbin:/bin',
    refreshonly => true,
  }
}
