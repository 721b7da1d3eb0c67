# @summary The home pool's negotiator fills one host before the next.
#
# @api private
class shepherd::central_manager::negotiator {
  $condor = $shepherd::central_manager::condor_service
  $wanted = $shepherd::central_manager::ensure == 'present' and $shepherd::central_manager::depth_first
  $ensure = $wanted ? { true => file, default => absent }

  file { "${shepherd::central_manager::condor_config_dir}/50-shepherd-central-manager.conf":
    ensure => $ensure,
    owner  => 'root',
    group  => 'root',
    mode   => '0644',
    source => 'puppet:///modules/shepherd/50-shepherd-central-manager.conf',
  }
  ~> exec { 'shepherd: HTCondor of the central manager reads its configuration':
    command     => "systemctl reload ${condor}",
    onlyif      => "test -d /run/systemd/system && systemctl is-active --quiet ${condor}",
    provider    => shell,
    path        => '/usr/sbin:/usr/bin:/sbin:/bin',
    refreshonly => true,
  }
}
