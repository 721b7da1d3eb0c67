# @summary Removes `lease.key.pub` when neither role of the machine needs it: the daemon made it, a host may trust it.
#
# Titled by the role that goes. Roles are told by their settings' files, as in `shepherd::unused`.
#
# @api private
define shepherd::unused_public_key {
  exec { "shepherd: remove the public key (${title})":
    command  => 'rm /etc/shepherd/keys/lease.key.pub',
    onlyif   => epp('shepherd/unused_public_key.sh.epp'),
    provider => shell,
    path     => '/usr/sbin:/usr/bin:/sbin:/bin',
  }

  File <| tag == 'shepherd_settings' |> -> Exec["shepherd: remove the public key (${title})"]
}
