# @summary The flock pool: a second, small HTCondor instance with a trust domain and a signing key of its own.
#
# Guests put only this pool into `FLOCK_TO`, flocking startds advertise only to it. It shares nothing with the home pool
# but the machine. Its configuration is the installed program's; the site's values are in `config.d/10-site.conf`. Guests
# are not here: `shepherd guest` alone writes about them, into the same directory, which Puppet never empties.
#
# @param address
#   IPv4 address at which guests' schedds reach it from outside.
#
# @param trust_domain
#   Its trust domain, another than the home pool's. Also its `UID_DOMAIN`.
#
# @param ensure
#   `absent`: stopped and removed. Its signing key goes, so that no token of it is good for anything any more.
#
# @param port
#   The port of its collector, and of everything else of it (`SHARED_PORT_PORT`).
#
# @param host
#   Name or address by which this machine and its own tools reach the collector.
#
# @param containers
#   Prefix of the identities that containers sign in with: their machine names begin with it.
#
# @param settings
#   Further HTCondor configuration of this instance, by name.
#
# @example
#   class { 'shepherd::flock_pool':
#     address      => '203.0.113.1',
#     trust_domain => 'flock.example.org',
#   }
class shepherd::flock_pool (
  Optional[Shepherd::Ipv4] $address = undef,
  Optional[Pattern[/\A[A-Za-z0-9][\w.-]*\z/]] $trust_domain = undef,
  Shepherd::Ensure $ensure = 'present',
  Integer[1, 65535] $port = 9619,
  Pattern[/\A[\w.-]+\z/] $host = $facts['networking']['fqdn'],
  Pattern[/\A[A-Za-z]+\z/] $containers = 'f',
  Hash[Pattern[/\A[A-Za-z_][\w.]*\z/], Variant[Boolean, Numeric, Pattern[/\A[^\n]*\z/]]] $settings = {},
) {
  $home = '/etc/condor-flock'
  $key = "${home}/passwords.d/POOL"
  $unit = 'shepherd-flock-pool.service'

  if $ensure == 'absent' {
    exec { 'shepherd: the flock pool ends':
      command  => 'systemctl disable --now shepherd-flock-pool 2>&1',
      onlyif   => "test -e /etc/systemd/system/${unit}",
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
    }
    -> shepherd::unit { $unit:
      ensure => absent,
    }
    -> file { ["${home}/condor_config", "${home}/config.d/10-site.conf", $key]:
      ensure => absent,
    }
    -> Class['shepherd::unused']
    include shepherd::unused
  } else {
    unless $address and $trust_domain {
      fail('shepherd::flock_pool: address and trust_domain must be given')
    }
    include shepherd

    file {
      default:
        ensure => directory,
        owner  => 'root',
        group  => 'root',
        mode   => '0755',
        ;
      [$home, "${home}/config.d"]:
        ;
      ["${home}/passwords.d", "${home}/tokens.d"]:
        mode => '0700',
        ;
      "${home}/config.d/10-site.conf":
        ensure  => file,
        mode    => '0644',
        content => epp('shepherd/flock_pool_site.conf.epp', {
          address      => $address,
          trust_domain => $trust_domain,
          port         => $port,
          host         => $host,
          containers   => $containers,
          settings     => $settings,
        }),
        ;
    }

    shepherd::shipped { "${home}/condor_config":
      source  => 'condor/flock-pool.conf',
      require => File[$home],
    }

    # Printable: HTCondor unscrambles the file byte by byte and stops at a NUL, which this never gives.
    exec { 'shepherd: make the signing key of the flock pool':
      command  => "umask 077 && head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \\n' >${key}.new && mv ${key}.new ${key}",
      creates  => $key,
      provider => shell,
      path     => '/usr/sbin:/usr/bin:/sbin:/bin',
      require  => File["${home}/passwords.d"],
    }

    shepherd::unit { $unit: }

    # A restarted collector knows nobody for minutes, and nothing is lent then: new settings are read without one.
    shepherd::reloaded { 'shepherd: the flock pool reads its configuration':
      unit    => 'shepherd-flock-pool',
      files   => ["${home}/condor_config", "${home}/config.d/10-site.conf"],
      require => [Shepherd::Shipped["${home}/condor_config"], File["${home}/config.d/10-site.conf"]],
    }

    shepherd::running { 'shepherd-flock-pool':
      require => [
        Shepherd::Unit[$unit],
        Exec['shepherd: make the signing key of the flock pool'],
        Shepherd::Reloaded['shepherd: the flock pool reads its configuration'],
      ],
    }
  }
}
