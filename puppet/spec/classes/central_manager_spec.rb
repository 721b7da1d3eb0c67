# frozen_string_literal: true

describe 'shepherd::central_manager' do
  let(:facts) { facts_with({}, fqdn: 'cm.example.org') }
  let(:pre_condition) do
    "class { 'shepherd::flock_pool': address => '203.0.113.1', trust_domain => 'flock.example.org' }"
  end
  let(:more) { {} }
  let(:params) { { 'settings' => DAEMON }.merge(more) }

  it { is_expected.to compile.with_all_deps }

  it 'writes the daemon\'s settings table by table, and asks the daemon first' do
    expect(content_of('/etc/shepherd/shepherd.toml')).to include("[home]\nname = \"example\"\nschedds = [\"s.example.org\"]")
    is_expected.to contain_file('/etc/shepherd/shepherd.toml')
      .with_validate_cmd('/opt/shepherd/bin/shepherd --settings % check --effective')
  end

  it 'lets the negotiator fill one host before the next' do
    is_expected.to contain_file('/etc/condor/config.d/50-shepherd-central-manager.conf').with_ensure('file')
    is_expected.not_to contain_service('condor')
  end

  it 'makes the key that signs lease pages once, before the daemon starts' do
    is_expected.to contain_exec('shepherd: make the key that signs lease pages')
      .with_creates('/etc/shepherd/keys/lease.key').that_comes_before('Shepherd::Running[shepherd]')
  end

  it 'makes tokens where the signing keys are' do
    %w[home flock].each do |pool|
      is_expected.to contain_exec("shepherd: make the daemon's token for the #{pool} pool")
        .that_comes_before('Shepherd::Running[shepherd]')
    end
  end

  it 'has the flock pool before its own token of it' do
    is_expected.to contain_shepherd__running('shepherd-flock-pool').that_comes_before('Shepherd::Running[shepherd]')
  end

  context 'with secrets' do
    let(:more) do
      {
        'lease_key' => sensitive('the key'), 'icinga_password' => sensitive('the password'),
        'tokens' => sensitive({ 'home' => 'the token' })
      }
    end

    it 'keeps them out of every report' do
      {
        '/etc/shepherd/keys/lease.key' => 'root', '/etc/shepherd/secrets/icinga-password' => 'root',
        '/etc/shepherd/tokens.d/home' => 'shepherd'
      }.each do |path, owner|
        is_expected.to contain_file(path).with_mode('0600').with_owner(owner)
        expect(catalogue.resource('file', path).sensitive_parameters).to include(:content)
      end
    end

    it 'starts the daemon anew for those that it has copies of' do
      is_expected.to contain_exec('shepherd: shepherd is started anew').with_onlyif(
        %r{shepherd\.service /etc/shepherd/keys/lease\.key /etc/shepherd/secrets/icinga-password -maxdepth}
      )
    end

    it 'makes none that is given' do
      is_expected.not_to contain_exec('shepherd: make the key that signs lease pages')
      is_expected.not_to contain_exec("shepherd: make the daemon's token for the home pool")
      is_expected.to contain_exec("shepherd: make the daemon's token for the flock pool")
    end
  end

  it 'gives the keys to nobody unless somebody may see names' do
    is_expected.to contain_file('/etc/tmpfiles.d/shepherd-personal.conf').with_ensure('absent')
  end

  it 'has no dashboard unless it is wanted' do
    is_expected.to contain_file('/etc/systemd/system/shepherd-web.service').with_ensure('absent')
    is_expected.not_to contain_service('shepherd-web')
  end

  context 'with a dashboard behind a proxy' do
    let(:more) { { 'dashboard' => true, 'proxy_secret' => RSpec::Puppet::Sensitive.new('a secret') } }

    it 'runs it after the settings and the secret are there' do
      is_expected.to contain_file('/etc/shepherd/secrets/web-proxy')
        .with_mode('0600').that_comes_before('Shepherd::Running[shepherd-web]')
      is_expected.to contain_service('shepherd-web').with_ensure('running')
      is_expected.to contain_file('/etc/shepherd/shepherd.toml').that_comes_before('Service[shepherd-web]')
    end

    it 'lets nobody elsewhere through' do
      is_expected.to contain_file('/etc/systemd/system/shepherd-web.service.d/proxies.conf').with_ensure('absent')
    end
  end

  context 'with a dashboard behind a proxy elsewhere, and one here' do
    let(:web) { { 'proxies' => %w[127.0.0.1 10.1.0.5 ::1 fd00::5], 'proxy_secret' => '/etc/shepherd/secrets/web-proxy' } }
    let(:more) { { 'dashboard' => true, 'settings' => DAEMON.merge('web' => web) } }

    it 'lets that one through, and leaves the secret to who laid it' do
      expect(content_of('/etc/systemd/system/shepherd-web.service.d/proxies.conf'))
        .to end_with("[Service]\nIPAddressAllow=10.1.0.5 fd00::5\n")
      is_expected.to contain_file('/etc/systemd/system/shepherd-web.service.d/proxies.conf')
        .that_comes_before('Exec[shepherd: systemd reads shepherd-web.service]')
      is_expected.not_to contain_file('/etc/shepherd/secrets/web-proxy')
    end
  end

  context 'with a dashboard that needs no secret any more' do
    let(:more) { { 'dashboard' => true } }

    it 'takes it away' do
      is_expected.to contain_file('/etc/shepherd/secrets/web-proxy')
        .with_ensure('absent').that_comes_before('Shepherd::Running[shepherd-web]')
    end
  end

  context 'with a group that may see names' do
    let(:more) { { 'settings' => DAEMON.merge('roles' => { 'personal' => %w[security lawyers] }) } }

    it 'has the directory of the keys belong to the first, before the daemon makes one' do
      expect(content_of('/etc/tmpfiles.d/shepherd-personal.conf'))
        .to include("d /var/lib/shepherd/trace/keys 2750 shepherd security -\n")
      is_expected.to contain_exec('shepherd: give the keys to who may see names')
        .that_comes_before('Shepherd::Running[shepherd]')
        .that_requires('File[/etc/tmpfiles.d/shepherd-personal.conf]')
    end
  end

  context 'with the authority that Icinga is verified by' do
    let(:more) { { 'icinga_ca' => 'PEM', 'settings' => DAEMON.merge('icinga' => { 'url' => 'https://icinga:5665' }) } }

    it 'lays it before the settings that name it' do
      is_expected.to contain_file('/etc/shepherd/icinga-ca.crt')
        .with_mode('0644').with_content('PEM').that_comes_before('File[/etc/shepherd/shepherd.toml]')
      text = content_of('/etc/shepherd/shepherd.toml')
      expect(text).to match(%r{\[icinga\]\nca_file = "/etc/shepherd/icinga-ca\.crt"\nurl = "https://icinga:5665"})
    end

    context 'when the settings name another' do
      let(:more) { { 'icinga_ca' => 'PEM', 'settings' => DAEMON.merge('icinga' => { 'ca_file' => '/etc/ssl/x.pem' }) } }

      it { expect(content_of('/etc/shepherd/shepherd.toml')).to include('ca_file = "/etc/ssl/x.pem"') }
    end
  end

  context 'without the home pool' do
    let(:params) { { 'settings' => DAEMON.reject { |table, _| table == 'home' } } }

    it { is_expected.to compile.and_raise_error(%r{parameter 'settings'}) }
  end

  context 'with the flock pool elsewhere' do
    let(:pre_condition) { '' }
    let(:more) { { 'manage_flock_pool' => false } }

    it { is_expected.to compile.with_all_deps }
    it { is_expected.not_to contain_class('shepherd::flock_pool') }
  end

  context 'with ensure => absent' do
    let(:pre_condition) { '' }
    let(:params) { { 'ensure' => 'absent' } }

    it { is_expected.to compile.with_all_deps }

    it 'ends the daemon first, and keeps its records' do
      is_expected.to contain_exec('shepherd: the daemon ends')
        .that_comes_before('File[/etc/systemd/system/shepherd.service]')
      is_expected.to contain_file('/etc/shepherd/shepherd.toml')
        .with_ensure('absent').that_comes_before('Exec[shepherd: remove the program]')
      expect(titles_of('file')).to all(satisfy { |path| !path.start_with?('/var') })
    end

    context 'with a host\'s role on the same machine, which trusts the same key' do
      let(:pre_condition) do
        <<~PUPPET
          class { 'shepherd::node':
            trusted_keys => { 'lease.key' => '#{KEY}' },
            settings     => {
              pool => 'example', images => ['#{IMAGE}'], flock_address => '10.27.2.20', flock_collector => '10.27.0.1:9619',
              leak_targets => ['10.1.0.1:9618'],
            },
          }
        PUPPET
      end

      it 'leaves the host the public half' do
        is_expected.to compile.with_all_deps
        is_expected.to contain_file('/etc/shepherd/keys/lease.key.pub').with_ensure('file')
        is_expected.to contain_exec('shepherd: remove the public key (shepherd::central_manager)')
          .with_onlyif(%r{grep .*/etc/shepherd/node\.toml}).that_requires('File[/etc/shepherd/node.toml]')
      end
    end

    it 'takes the signing keys away' do
      %w[/etc/shepherd/keys/lease.key /etc/condor-flock/passwords.d/POOL].each do |path|
        is_expected.to contain_file(path).with_ensure('absent')
      end
    end
  end
end
