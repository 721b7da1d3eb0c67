# @summary The settings of `[lease]` in /etc/shepherd/shepherd.toml.
#
# Signing and publishing of lease pages.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `key`: File with the Ed25519 private key (PEM). `shepherd key create` writes it; mode 0600. Default:
#   `"/etc/shepherd/keys/lease.key"`.
# * `pages`: Pages the hosts are hashed onto; a host reads one. Pages. 16 keeps a page under 64 KiB at 3 000 hosts.
#   Default: `16`.
type Shepherd::Settings::Lease = Struct[{
  Optional[key] => String,
  Optional[pages] => Integer,
}]
