# frozen_string_literal: true

describe 'shepherd::node' do
  let(:own) { {} }
  let(:facts) { facts_with(own) }
  let(:more) { {} }
  let(:params) { { 'settings' => NODE, 'trusted_keys' => { 'lease' => KEY } }.merge(more) }

  it { is_expected.to compile.with_all_deps }

  it 'works out what follows from the rest' do
    text = content_of('/etc/shepherd/node.toml')
    expect(text).to include('host = "p220.example.org"')
    expect(text).to include('flock_name = "f220.example.org"')
    expect(text).to include('flock_mac = "02:42:0a:1b:02:14"')
    expect(text).to include('trusted_keys = ["/etc/shepherd/keys/lease.pub"]')
    expect(text).not_to include('apparmor')
  end

  it 'asks the keeper before its settings are replaced' do
    is_expected.to contain_file('/etc/shepherd/node.toml')
      .with_validate_cmd('/opt/shepherd/bin/shepherd --settings % check --node --effective')
      .that_requires('Class[shepherd]')
  end

  it 'lays dockerd\'s settings before dockerd' do
    is_expected.to contain_exec('shepherd: dockerd has its settings').that_comes_before('Package[docker.io]')
      .with_command(%r{"userns-remap": "default",\n  "live-restore": true})
  end

  it 'has no resource for dockerd\'s settings, whose other members may be secret' do
    is_expected.not_to contain_file('/etc/docker/daemon.json')
  end

  it 'has a network and the guard before HTCondor is told of the guard, and the keeper last' do
    is_expected.to contain_shepherd__running('shepherd-network').that_comes_before('Exec[shepherd: lay the guard]')
    is_expected.to contain_exec('shepherd: lay the guard')
      .that_comes_before('File[/etc/condor/config.d/50-shepherd-host.conf]')
    is_expected.to contain_exec('shepherd: the regular startd is restarted behind the guard')
      .that_comes_before('Shepherd::Running[shepherd-keeper]')
  end

  it 'has no service of HTCondor\'s, and no resource for the host lock' do
    services = %w[docker shepherd-network shepherd-keeper shepherd-audit.timer]
    expect(titles_of('service')).to match_array(services)
    expect(titles_of('file')).to all(satisfy { |path| !path.start_with?('/run') })
  end

  it 'restarts the keeper for a new program, and reloads it for new settings' do
    is_expected.to contain_exec('shepherd: shepherd-keeper is started anew')
      .with_command('systemctl restart shepherd-keeper')
      .with_onlyif(%r{ExecMainStart.*find /opt/shepherd /etc/systemd/system/shepherd-keeper\.service }m)
      .that_requires(['Exec[shepherd: install the program]', 'Shepherd::Unit[shepherd-keeper.service]'])
    is_expected.to contain_exec('shepherd: the keeper reads its settings')
      .with_command('systemctl reload shepherd-keeper')
      .with_onlyif(%r{StateChange.*find /etc/shepherd/node\.toml /etc/shepherd/flock-token /etc/shepherd/keys/lease\.pub }m)
      .that_requires('Class[shepherd::node::keeper_settings]')
  end

  it 'asks the machine whether something is to be done, and no event of this run, which may be cut short' do
    events = catalogue.resources.map(&:to_hash).select { |one| one[:refreshonly] || one[:notify] || one[:subscribe] }
    expect(events).to be_empty
  end

  it 'has systemd read what it has not, by its own word' do
    is_expected.to contain_exec('shepherd: systemd reads condor.service.d/50-shepherd.conf')
      .with_command('systemctl daemon-reload').with_onlyif(%r{NeedDaemonReload --value condor\.service\)})
  end

  it 'leaves a guard that is there alone' do
    is_expected.to contain_exec('shepherd: lay the guard').without_unless(%r{cmp -s})
  end

  context 'when the guard is to be updated' do
    let(:more) { { 'update_guard' => true } }

    it { is_expected.to contain_exec('shepherd: lay the guard').with_unless(%r{cmp -s}) }
  end

  context 'without leave to restart the startd' do
    let(:more) { { 'switch_startd' => false } }

    it { is_expected.not_to contain_exec('shepherd: the regular startd is restarted behind the guard') }
  end

  context 'with secrets' do
    let(:more) do
      {
        'flock_token' => sensitive('eyJ-the-token'),
        'registry_login' => sensitive({ 'username' => 'u"x', 'password' => 'secret' })
      }
    end

    it 'keeps them root\'s, and out of every report' do
      %w[/etc/shepherd/flock-token /etc/shepherd/registry-login].each do |path|
        is_expected.to contain_file(path).with_mode('0600').with_owner('root')
        expect(catalogue.resource('file', path).sensitive_parameters).to include(:content)
      end
      expect(content_of('/etc/shepherd/flock-token')).to eq('eyJ-the-token')
      expect(JSON.parse(content_of('/etc/shepherd/registry-login'))).to eq('username' => 'u"x', 'password' => 'secret')
      expect(content_of('/etc/shepherd/node.toml')).to include('registry_login = "/etc/shepherd/registry-login"')
    end
  end

  context 'when the site has its own dockerd' do
    let(:more) { { 'manage_docker' => false } }

    it { is_expected.to compile.with_all_deps }
    it { is_expected.not_to contain_package('docker.io') }
    it { is_expected.not_to contain_service('docker') }
    it { is_expected.not_to contain_exec('shepherd: dockerd has its settings') }
  end

  context 'when the site declares a package itself' do
    let(:pre_condition) { "package { ['nftables', 'docker.io']: ensure => '1.2.3' }" }

    it { is_expected.to compile.with_all_deps }
    it { is_expected.to contain_package('nftables').with_ensure('1.2.3') }
  end

  context 'with AppArmor' do
    let(:own) { { 'apparmor' => true } }

    it 'loads the profile, and names it' do
      expect(content_of('/etc/shepherd/node.toml')).to include('apparmor = "shepherd-flock"')
      is_expected.to contain_exec('shepherd: lay /etc/apparmor.d/shepherd-flock')
        .with_command(%r{\.new && apparmor_parser --replace --skip-cache \S+\.new && mv })
      is_expected.to contain_exec('shepherd: the AppArmor profile is loaded')
        .that_comes_before('Shepherd::Running[shepherd-network]')
    end
  end

  context 'in a chroot that becomes an image' do
    let(:own) { { 'booted' => false } }

    it 'enables and starts nothing' do
      expect(titles_of('service')).to be_empty
      %w[docker shepherd-network shepherd-keeper shepherd-audit.timer].each do |name|
        is_expected.to contain_exec("shepherd: enable #{name}").with_command("systemctl enable #{name}")
      end
    end
  end

  context 'with rollout => check' do
    let(:more) { { 'rollout' => 'check' } }

    it 'lays everything, and neither the guard\'s configuration nor a keeper' do
      is_expected.to compile.with_all_deps
      is_expected.to contain_exec('shepherd: lay the guard')
      is_expected.to contain_shepherd__unit('shepherd-keeper.service')
      is_expected.to contain_file('/etc/condor/config.d/50-shepherd-host.conf').with_ensure('absent')
      is_expected.not_to contain_service('shepherd-keeper')
      is_expected.not_to contain_exec('shepherd: the regular startd is restarted behind the guard')
    end

    it 'ends a lend first, and checks the host last' do
      is_expected.to contain_exec('shepherd: the host goes home')
        .that_comes_before('File[/etc/condor/config.d/50-shepherd-host.conf]')
      is_expected.to contain_exec('shepherd: this host can be lent').that_requires('Class[shepherd::node::home]')
    end
  end

  context 'without settings' do
    let(:params) { {} }

    it { is_expected.to compile.and_raise_error(%r{settings: pool, images, flock_address, flock_collector must be}) }
  end

  context 'without its own settings, on a host that has no part in the rollout yet' do
    let(:params) { { 'ensure' => 'absent', 'settings' => NODE.reject { |key, _| key == 'flock_address' } } }

    it { is_expected.to compile.with_all_deps }
  end

  {
    'an unknown key' => { 'colour' => 'blue' },
    'a word for a number' => { 'vlan' => 'twelve' },
    'an unknown profile' => { 'profile' => 'none' }
  }.each do |what, wrong|
    context "with #{what}" do
      let(:more) { { 'settings' => NODE.merge(wrong) } }

      it { is_expected.to compile.and_raise_error(%r{parameter 'settings'}) }
    end
  end

  context 'with ensure => absent' do
    let(:params) { { 'ensure' => 'absent' } }

    it { is_expected.to compile.with_all_deps }

    it 'ends the lend, gives HTCondor its startd back, takes the network down, then removes the rest' do
      [
        'Exec[shepherd: the host goes home]',
        'File[/etc/condor/config.d/50-shepherd-host.conf]',
        'Exec[shepherd: the network of the flock VLAN is taken down]',
        'File[/etc/systemd/system/shepherd-keeper.service]',
        'File[/usr/local/libexec/shepherd/startd-guard]',
        'File[/etc/shepherd/node.toml]',
        'Exec[shepherd: remove the program]'
      ].each_cons(2) do |earlier, later|
        kind, title = earlier.match(%r{\A(\w+)\[(.*)\]\z}).captures
        is_expected.to send("contain_#{kind.downcase}", title).that_comes_before(later)
      end
    end

    it 'removes the host\'s token and no record' do
      is_expected.to contain_file('/etc/shepherd/flock-token').with_ensure('absent')
      expect(titles_of('file')).to all(satisfy { |path| !path.start_with?('/var', '/run') })
    end

    it 'starts nothing and installs nothing' do
      expect(titles_of('service') + titles_of('package')).to be_empty
      is_expected.not_to contain_class('shepherd')
    end
  end

  context 'with ensure => absent on the central manager, and a key of the same name as its own' do
    let(:pre_condition) do
      <<~PUPPET
        class { 'shepherd::flock_pool': address => '203.0.113.1', trust_domain => 'flock.example.org' }
        class { 'shepherd::central_manager':
          settings => {
            home  => { name => 'example', schedds => ['s'], schedd_identities => ['condor@example.org'] },
            flock => { collector => 'cm:9619', image => '#{IMAGE}' },
          },
        }
      PUPPET
    end
    let(:params) { { 'ensure' => 'absent', 'trusted_keys' => { 'lease.key' => KEY, 'old' => KEY } } }

    it 'leaves the daemon its key, and removes the others' do
      is_expected.to compile.with_all_deps
      is_expected.not_to contain_file('/etc/shepherd/keys/lease.key.pub')
      is_expected.to contain_file('/etc/shepherd/keys/old.pub').with_ensure('absent')
      is_expected.to contain_exec('shepherd: remove the public key (shepherd::node)')
        .with_onlyif(%r{! -e /etc/shepherd/shepherd\.toml})
        .that_requires(['File[/etc/shepherd/shepherd.toml]', 'File[/etc/shepherd/node.toml]'])
    end
  end

  context 'with ensure => absent and records' do
    let(:own) { { 'records' => ['/var/lib/shepherd'] } }
    let(:params) { { 'ensure' => 'absent' } }

    it 'names them' do
      expect(logged { catalogue }).to include(%r{stay on p220.example.org: /var/lib/shepherd})
    end
  end
end
