# The daemon, and the flock pool beside it.
class { 'shepherd::flock_pool':
  address      => '203.0.113.1',
  trust_domain => 'flock.example.org',
  host         => 'cm.example.org',
}
class { 'shepherd::central_manager':
  icinga_password => Sensitive('the password of its ApiUser'),
  settings        => {
    home   => {
      name              => 'example',
      schedds           => ['submit.example.org'],
      schedd_identities => ['condor@example.org'],
    },
    flock  => {
      collector => 'cm.example.org:9619',
      image     => 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    },
    policy => {
      reserve => 0.25,
    },
  },
}
