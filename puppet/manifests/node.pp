# @summary A host that can be lent: dockerd, its side of the flock VLAN, the guard before its regular startd, the keeper.
#
# HTCondor itself is the site's: this class adds two files to its configuration, and nothing else of Puppet's ever starts,
# stops, drains or restarts a startd or a container. There is one exception, once in a host's life: with `rollout` =>
# `on`, a regular startd that was started without the guard is restarted behind it, while no job runs there
# (`switch_startd`). Which jobs run on a host, and whether it is lent, is the shepherd's alone.
#
# @param settings
#   `/etc/shepherd/node.toml`: every key that the keeper knows, and no other. `pool`, `images`, `flock_address` and
#   `flock_collector` must be given, and `leak_targets` but for profile `talk`. What follows from the rest need not be:
#   `host` (the machine's own name), `flock_name` (the same with `f` for its first `p`), `flock_mac` (from
#   `flock_address`), `trusted_keys`, `apparmor` (`shepherd-flock`, on a machine that has AppArmor) and `registry_login`.
#   The keeper's own rules are asked before the file is replaced: settings that it would refuse never reach it.
#
# @param ensure
#   `absent`: a lend of the host is ended by the graceful way, then all that this class made is removed, in an order that
#   leaves the host with a regular startd at every moment. Traceability records and held evidence stay, and are named;
#   dockerd stays. Harmless on a host that never had this role.
#
# @param rollout
#   How far the rollout has come here. With `check` everything is laid and `shepherd check --node` must be content, but
#   HTCondor's configuration is as it was and no keeper runs. Going back from `on` to `check` ends a lend first.
#
# @param trusted_keys
#   Public keys of the shepherd, by name: each is laid as `/etc/shepherd/keys/NAME.pub` and trusted. Two during a rotation.
#
# @param flock_token
#   This host's token for the flock pool. Not given: somebody else lays it.
#
# @param registry_login
#   User and password for the registry that images are fetched from.
#
# @param manage_docker
#   Whether dockerd is installed, set up and kept running here. False leaves all of it to the site, which then sees to
#   `"userns-remap": "default"` in its settings.
#
# @param docker_package
#   The package that dockerd comes from.
#
# @param docker_settings
#   What must stand in `/etc/docker/daemon.json`. What the site has there besides stays as it is, and never leaves the host;
#   the file's mode stays, too. dockerd is restarted for it only while no container runs. On a host whose dockerd has images,
#   containers or volumes, which `userns-remap` would hide, the run fails, names them, and changes nothing there.
#
# @param update_guard
#   Whether the guard is replaced by that of the installed program. It is laid once, and then left alone by upgrades:
#   what stands between a local job and a guest changes only when somebody asks for it. Nothing that runs is
#   restarted by that; the next start of the regular startd uses it.
#
# @param switch_startd
#   Whether a regular startd that runs without the guard is restarted while no job runs on the host. False: the host can
#   be lent only after its next reboot, or restart of HTCondor.
#
# @param condor_config_dir
#   HTCondor's directory of configuration files (`LOCAL_CONFIG_DIR`).
#
# @param condor_service
#   HTCondor's unit.
#
# @param packages
#   Packages of the distribution that the host needs. Those that the site declares itself are left to it.
#
# @example
#   class { 'shepherd::node':
#     trusted_keys => { 'lease' => file('profile/lease.pub') },
#     flock_token  => Sensitive($token),
#     settings     => {
#       pool            => 'example',
#       images          => ['sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'],
#       flock_address   => '10.27.2.20',
#       flock_collector => '10.27.0.1:9619',
#       flock_pool      => 'cm.example.org:9619',
#       link            => 'em1',
#       vlan            => 2512,
#       leak_targets    => ['10.1.0.1:9618', '10.1.0.9:2049'],
#     },
#   }
class shepherd::node (
  String[1] $docker_package,
  Hash[String[1], Data] $docker_settings,
  Array[String[1]] $packages,
  Shepherd::Settings::Node $settings = {},
  Shepherd::Ensure $ensure = 'present',
  Shepherd::Rollout $rollout = 'on',
  Hash[Shepherd::File_name, Shepherd::Public_key] $trusted_keys = {},
  Optional[Sensitive[String[1]]] $flock_token = undef,
  Optional[Sensitive[Struct[{ username => String[1], password => String[1] }]]] $registry_login = undef,
  Boolean $manage_docker = true,
  Boolean $update_guard = false,
  Boolean $switch_startd = true,
  Shepherd::Path $condor_config_dir = '/etc/condor/config.d',
  Shepherd::Unit_name $condor_service = 'condor',
) {
  if $ensure == 'absent' {
    contain shepherd::node::absent
  } else {
    $missing = ['pool', 'images', 'flock_address', 'flock_collector'].filter |$key| { !($key in $settings) }
    unless $missing.empty {
      fail("shepherd::node::settings: ${missing.join(', ')} must be given")
    }
    contain shepherd
    contain shepherd::node::docker
    contain shepherd::node::keeper_settings
    contain shepherd::node::units
    contain shepherd::node::guard

    Class['shepherd']
    -> Class['shepherd::node::docker']
    -> Class['shepherd::node::units']
    -> Class['shepherd::node::guard']

    Class['shepherd'] -> Class['shepherd::node::keeper_settings'] -> Class['shepherd::node::units']

    if $rollout == 'on' {
      contain shepherd::node::lending
      Class['shepherd::node::guard'] -> Class['shepherd::node::lending']
    } else {
      contain shepherd::node::home
      contain shepherd::node::check
      Class['shepherd::node::guard'] -> Class['shepherd::node::home'] -> Class['shepherd::node::check']
    }
  }
}
