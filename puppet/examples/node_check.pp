# The same host in the first stage of a rollout: everything is laid and checked, nothing can be lent.
class { 'shepherd::node':
  rollout      => 'check',
  trusted_keys => {
    'lease' => "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
  },
  settings     => {
    host            => 'p220',
    pool            => 'example',
    images          => ['sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'],
    flock_address   => '10.27.2.20',
    flock_collector => '10.27.0.1:9619',
    leak_targets    => ['10.1.0.1:9618'],
  },
}
