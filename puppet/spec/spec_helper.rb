# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'rspec-puppet'
require 'tmpdir'
require 'puppet/test/test_helper'

# The folder has the module's name only as a link.
MODULES = Dir.mktmpdir('modules')
File.symlink(File.expand_path('..', __dir__), File.join(MODULES, 'shepherd'))

KEY = <<~PEM
  -----BEGIN PUBLIC KEY-----
  MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
  -----END PUBLIC KEY-----
PEM
IMAGE = "sha256:#{'0123456789abcdef' * 4}"
NODE = {
  'pool' => 'example', 'images' => [IMAGE], 'flock_address' => '10.27.2.20', 'flock_collector' => '10.27.0.1:9619',
  'leak_targets' => ['10.1.0.1:9618']
}.freeze
DAEMON = {
  'home' => { 'name' => 'example', 'schedds' => ['s.example.org'], 'schedd_identities' => ['condor@example.org'] },
  'flock' => { 'collector' => 'cm.example.org:9619', 'image' => IMAGE }
}.freeze
GATEWAY = {
  'outside' => ['em2'], 'nat_address' => '198.51.100.7', 'site_networks' => ['198.51.100.0/24']
}.freeze

# Facts of a host that systemd has booted. `own`: members of the module's own fact.
def facts_with(own = {}, fqdn: 'p220.example.org')
  {
    'networking' => { 'fqdn' => fqdn, 'hostname' => fqdn.split('.').first },
    'os' => { 'family' => 'Debian', 'name' => 'Debian', 'release' => { 'major' => '12' } },
    'shepherd' => { 'booted' => true, 'apparmor' => false, 'records' => [] }.merge(own)
  }
end

# The content of a file in the catalog, also of a secret one.
def content_of(path)
  content = catalogue.resource('file', path)[:content]
  content.respond_to?(:unwrap) ? content.unwrap : content
end

# Titles of all resources of a kind.
def titles_of(kind)
  catalogue.resources.select { |resource| resource.type.casecmp?(kind) }.map(&:title)
end

# What Puppet says meanwhile.
def logged(&block)
  said = []
  Puppet::Util::Log.with_destination(Puppet::Test::LogCollector.new(said), &block)
  said.map(&:to_s)
end

RSpec.configure do |config|
  config.module_path = MODULES
  config.strict_variables = true
  config.after(:suite) { FileUtils.remove_entry(MODULES) }
end
