# A host that can be lent.
class { 'shepherd::node':
  trusted_keys => {
    'lease' => "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
  },
  flock_token  => Sensitive('the token that `condor_token_create` printed for f220'),
  settings     => {
    host            => 'p220',
    pool            => 'example',
    images          => ['sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'],
    flock_address   => '10.27.2.20',
    flock_collector => '10.27.0.1:9619',
    flock_pool      => 'cm.example.org:9619',
    link            => 'em1',
    vlan            => 2512,
    leak_targets    => ['10.1.0.1:9618', '10.1.0.9:2049'],
    dns             => ['198.51.100.53'],
  },
}
