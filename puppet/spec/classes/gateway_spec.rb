# frozen_string_literal: true

describe 'shepherd::gateway' do
  let(:facts) { facts_with }
  let(:params) { { 'settings' => GATEWAY } }

  it { is_expected.to compile.with_all_deps }

  it 'asks the firewall before its settings are replaced' do
    expect(content_of('/etc/shepherd/gateway.toml')).to include('outside = ["em2"]')
    is_expected.to contain_file('/etc/shepherd/gateway.toml')
      .with_validate_cmd('/opt/shepherd/bin/shepherd --settings % check --gateway --effective')
    is_expected.to contain_exec('shepherd: the gateway reads its settings')
      .with_onlyif(%r{StateChange.*find /etc/shepherd/gateway\.toml }m)
      .that_requires('File[/etc/shepherd/gateway.toml]').that_comes_before('Shepherd::Running[shepherd-gateway]')
  end

  it 'is started anew when the program or its unit is newer than it' do
    is_expected.to contain_exec('shepherd: shepherd-gateway is started anew')
      .with_onlyif(%r{ExecMainStart.*find /opt/shepherd /etc/systemd/system/shepherd-gateway\.service }m)
  end

  it 'switches no forwarding on: nothing may pass before the rules' do
    everything = catalogue.resources.map { |resource| resource.to_hash.to_s }.join
    expect(everything).not_to match(%r{ip_forward|sysctl\.d|sysctl })
  end

  it 'leaves the distribution\'s nftables service alone' do
    expect(titles_of('service')).to eq(['shepherd-gateway'])
  end

  context 'on the host that is also a central manager' do
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

    it { is_expected.to compile.with_all_deps }

    context 'with ensure => absent' do
      let(:params) { { 'ensure' => 'absent' } }

      it 'keeps the program, which the daemon needs' do
        is_expected.to compile.with_all_deps
        is_expected.to contain_exec('shepherd: remove the program')
          .with_onlyif(%r{/etc/shepherd/shepherd\.toml}).that_requires('File[/etc/shepherd/shepherd.toml]')
      end
    end
  end

  context 'with ensure => absent' do
    let(:params) { { 'ensure' => 'absent' } }

    it { is_expected.to compile.with_all_deps }
    it { is_expected.to contain_exec('shepherd: the gateway ends').that_comes_before('File[/etc/shepherd/gateway.toml]') }

    it 'leaves a router as it is while the VLAN is there' do
      is_expected.to contain_exec('shepherd: the gateway ends')
        .with_command(%r{routes_for_others.*exit 1.*systemctl disable --now}m).with_logoutput(true)
        .that_comes_before('File[/etc/systemd/system/shepherd-gateway.service]')
    end
  end
end
