# The flock VLAN's gateway.
class { 'shepherd::gateway':
  settings => {
    outside       => ['em2'],
    nat_address   => '198.51.100.7',
    site_networks => ['198.51.100.0/24'],
    dns           => ['198.51.100.53'],
  },
}
