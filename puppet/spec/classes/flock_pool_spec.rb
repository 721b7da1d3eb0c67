# frozen_string_literal: true

describe 'shepherd::flock_pool' do
  let(:facts) { facts_with({}, fqdn: 'cm.example.org') }
  let(:more) { {} }
  let(:params) { { 'address' => '203.0.113.1', 'trust_domain' => 'flock.example.org' }.merge(more) }

  it { is_expected.to compile.with_all_deps }

  it 'is a pool of its own' do
    text = content_of('/etc/condor-flock/config.d/10-site.conf')
    expect(text).to include("TRUST_DOMAIN = flock.example.org\n", "COLLECTOR_HOST = cm.example.org:9619\n")
    is_expected.to contain_shepherd__shipped('/etc/condor-flock/condor_config').with_source('condor/flock-pool.conf')
  end

  it 'makes its signing key once' do
    is_expected.to contain_exec('shepherd: make the signing key of the flock pool')
      .with_creates('/etc/condor-flock/passwords.d/POOL').that_comes_before('Shepherd::Running[shepherd-flock-pool]')
  end

  it 'never restarts its collector for new settings' do
    is_expected.to contain_exec('shepherd: the flock pool reads its configuration')
      .with_onlyif(%r{StateChange.*find /etc/condor-flock/condor_config /etc/condor-flock/config\.d/10-site\.conf }m)
      .that_requires('Shepherd::Shipped[/etc/condor-flock/condor_config]')
      .that_requires('File[/etc/condor-flock/config.d/10-site.conf]')
    is_expected.to contain_shepherd__running('shepherd-flock-pool').without_subscribe
  end

  it 'leaves what `shepherd guest` writes alone' do
    is_expected.to contain_file('/etc/condor-flock/config.d').with_ensure('directory').without_purge.without_recurse
  end

  context 'with settings of the site' do
    let(:more) { { 'settings' => { 'NEGOTIATOR_INTERVAL' => 20 } } }

    it { expect(content_of('/etc/condor-flock/config.d/10-site.conf')).to end_with("NEGOTIATOR_INTERVAL = 20\n") }
  end

  context 'with a setting that would be two' do
    let(:more) { { 'settings' => { 'A' => "1\nALLOW_DAEMON = *" } } }

    it { is_expected.to compile.and_raise_error(%r{parameter 'settings'}) }
  end

  context 'without an address' do
    let(:params) { {} }

    it { is_expected.to compile.and_raise_error(%r{address and trust_domain must be given}) }
  end
end
