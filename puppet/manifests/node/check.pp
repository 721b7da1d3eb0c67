# @summary `rollout` => `check`: is this host ready? It fails, with everything that is to be mended, until it is.
#
# @api private
class shepherd::node::check {
  exec { 'shepherd: this host can be lent':
    command   => '/opt/shepherd/bin/shepherd check --node',
    unless    => 'test -x /opt/shepherd/bin/shepherd && /opt/shepherd/bin/shepherd check --node',
    onlyif    => 'test -d /run/systemd/system',
    provider  => shell,
    path      => '/usr/sbin:/usr/bin:/sbin:/bin',
    timeout   => 600,
    logoutput => true,
  }
}
