# @summary The daemon on the home pool's central manager, and the flock pool beside it.
#
# The home pool is the site's own: this class adds one file to its configuration, with which the negotiator fills one host
# before the next. What the daemon may do there is the site's to grant: an identity `shepherd@TRUST_DOMAIN` with
# ADMINISTRATOR and DAEMON at the collector; `shepherd check` says what is missing.
#
# @param settings
#   `/etc/shepherd/shepherd.toml`, table by table: every key that the daemon knows, and no other. `home` and `flock` must
#   be given. The daemon's own rules are asked before the file is replaced.
#
# @param ensure
#   `absent`: the daemon is stopped and removed; leases lapse, and every host goes home by itself. The ledger and everything
#   else below `/var/lib/shepherd` stays, and is named.
#
# @param lease_key
#   The private key that signs lease pages (PEM). Not given: one is made here, once, which never leaves this machine;
#   `shepherd key show` prints its id, and hosts need `/etc/shepherd/keys/lease.key.pub`.
#
# @param tokens
#   The daemon's tokens, by file name below `/etc/shepherd/tokens.d`.
#
# @param make_tokens
#   Whether missing tokens, `home` and `flock`, are made here, where the signing keys of both pools lie.
#
# @param icinga_password
#   The password of the daemon's ApiUser. Not given: somebody else lays it, if Icinga is used.
#
# @param icinga_ca
#   The authority that signed Icinga's certificate (PEM; `/var/lib/icinga2/certs/ca.crt` there). It is laid as
#   `/etc/shepherd/icinga-ca.crt`, which is `ca_file` in the table `icinga` of the settings unless these say otherwise.
#
# @param dashboard
#   Whether the dashboard runs here (`shepherd web`); the table `web` of the settings says where it listens, and to whom.
#   Proxies on other machines that it names are let through to the unit.
#
# @param proxy_secret
#   What the dashboard's authenticating proxy proves itself with (`web.proxy_secret = "/etc/shepherd/secrets/web-proxy"`).
#   Not given: somebody else lays that file if the settings name it; if they do not, it goes.
#
# @param condor_settings
#   Further HTCondor configuration of the daemon and its tools, by name.
#
# @param manage_flock_pool
#   Whether the flock pool is on this machine (`shepherd::flock_pool`).
#
# @param depth_first
#   Whether the home pool's negotiator fills one host before the next, so that idle hosts are wholly idle.
#
# @param condor_config_dir
#   HTCondor's directory of configuration files (`LOCAL_CONFIG_DIR`).
#
# @param condor_service
#   HTCondor's unit.
#
# @example
#   class { 'shepherd::central_manager':
#     settings => {
#       home  => {
#         name              => 'example',
#         schedds           => ['submit.example.org'],
#         schedd_identities => ['condor@example.org'],
#       },
#       flock => {
#         collector => 'cm.example.org:9619',
#         image     => 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
#       },
#     },
#   }
class shepherd::central_manager (
  Optional[Shepherd::Settings::Daemon] $settings = undef,
  Shepherd::Ensure $ensure = 'present',
  Optional[Sensitive[String[1]]] $lease_key = undef,
  Sensitive[Hash[Shepherd::File_name, String[1]]] $tokens = Sensitive({}),
  Boolean $make_tokens = true,
  Optional[Sensitive[String[1]]] $icinga_password = undef,
  Optional[String[1]] $icinga_ca = undef,
  Boolean $dashboard = false,
  Optional[Sensitive[String[1]]] $proxy_secret = undef,
  Hash[Pattern[/\A[A-Za-z_][\w.]*\z/], Variant[Boolean, Numeric, Pattern[/\A[^\n]*\z/]]] $condor_settings = {},
  Boolean $manage_flock_pool = true,
  Boolean $depth_first = true,
  Shepherd::Path $condor_config_dir = '/etc/condor/config.d',
  Shepherd::Unit_name $condor_service = 'condor',
) {
  if $ensure == 'absent' {
    contain shepherd::central_manager::absent
  } else {
    unless $settings {
      fail('shepherd::central_manager::settings: home and flock must be given')
    }
    contain shepherd
    contain shepherd::central_manager::negotiator
    contain shepherd::central_manager::daemon
    contain shepherd::central_manager::dashboard
    Class['shepherd'] -> Class['shepherd::central_manager::daemon'] -> Class['shepherd::central_manager::dashboard']

    if $manage_flock_pool {
      contain shepherd::flock_pool
      Class['shepherd'] -> Class['shepherd::flock_pool'] -> Class['shepherd::central_manager::daemon']
    }
  }
}
