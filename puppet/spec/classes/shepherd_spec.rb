# frozen_string_literal: true

require 'open3'

describe 'shepherd' do
  let(:facts) { facts_with }
  let(:install) { catalogue.resource('exec', 'shepherd: install the program') }

  it { is_expected.to compile.with_all_deps }

  it 'installs the version that the module is of, by name' do
    expect(install[:command]).to include('wheel=flocking-shepherd==')
  end

  it 'makes the account before the directories, and no directory of the host lock by itself' do
    is_expected.to contain_exec('shepherd: make the account').that_comes_before('Exec[shepherd: make the directories]')
    expect(titles_of('file')).to eq(['/etc/shepherd', '/etc/shepherd/keys'])
  end

  it 'writes scripts that a shell understands' do
    [:command, :unless].each do |part|
      said, status = Open3.capture2e('sh', '-n', stdin_data: install[part])
      expect([said, status.exitstatus]).to eq(['', 0])
    end
  end

  context 'with a wheel\'s file' do
    let(:params) do
      { 'wheel' => '/srv/w/flocking_shepherd-1.2.3-py3-none-any.whl', 'pip_options' => ['--find-links', '/srv/a b'] }
    end

    it 'takes the version from its name, and tells wheels of one version apart' do
      expect(install[:command]).to include('place=$link-1.2.3', 'sha256sum', %q(--find-links "/srv/a b" "$wheel"))
    end
  end

  context 'with a wheel whose name has no version' do
    let(:params) { { 'wheel' => '/srv/w/shepherd.whl' } }

    it { is_expected.to compile.and_raise_error(%r{does not name its version}) }
  end

  context 'with a wheel that a shell would read otherwise' do
    let(:params) { { 'wheel' => '/srv/$(reboot)/a-1-b.whl' } }

    it { is_expected.to compile.and_raise_error(%r{parameter 'wheel'}) }
  end
end
