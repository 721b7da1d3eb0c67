# @summary The home pool's negotiator fills one host before the next.
#
# @api private
class shepherd::central_manager::negotiator {
  $condor = $shepherd::central_manager::condor_service
  $wanted = $shepherd::central_manager::ensure == 'present' and $shepherd::central_manager::depth_first
  $ensure = $wanted ? { true => file, default => absent }

  $path = "${shepherd::central_manager::condor_config_dir}/50-shepherd-central-manager.conf"

  file { $path:
    ensure => $ensure,
    owner  => 'root',
    group  => 'root',
    mode   => '0644',
    source => 'puppet:///modules/shepherd/50-shepherd-central-manager.conf',
  }

  if $wanted {
    shepherd::reloaded { 'shepherd: HTCondor of the central manager reads its configuration':
      unit    => $condor,
      files   => [$path],
      require => File[$path],
    }
  } else {
    # A file that is gone has no age. A run that is cut short here leaves a negotiator that fills hosts as before, until
    # it is told of something else.
    exec { 'shepherd: HTCondor of the central manager reads its configuration':
      command     => "systemctl reload ${condor}",
      onlyif      => "test -d /run/systemd/system && systemctl is-active --quiet ${condor}",
      provider    => shell,
      path        => '/usr/sbin:/usr/bin:/sbin:/bin',
      refreshonly => true,
      subscribe   => File[$path],
    }
  }
}
