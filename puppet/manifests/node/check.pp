# @summary `rollout` => `check`: is this host ready? It fails, with everything that is to be mended, until it is.
#
# @api private
class shepherd::node::check {
  exec { 'shepherd: this host can be lent':
    command   => epp('shepherd/ready.sh.epp'),
    unless    => epp('shepherd/ready.sh.epp'),
    onlyif    => 'test -d /run/systemd/system',
    provider  => shell,
    path      => '/usr/sbin:/usr/bin:/sbin:/bin',
    timeout   => 600,
    logoutput => true,
  }
}
