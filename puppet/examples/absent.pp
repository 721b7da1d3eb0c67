# No role any more, whichever there were.
class { ['shepherd::node', 'shepherd::central_manager', 'shepherd::gateway']:
  ensure => absent,
}
