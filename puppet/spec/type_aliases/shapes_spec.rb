# frozen_string_literal: true

{
  'Shepherd::Ipv4' => [['10.27.0.1'], ['10.27.0', '10.27.0.256', "10.27.0.1\n", 'cm']],
  'Shepherd::Path' => [['/a/b-1.whl'], ['a', '/a b', '/a/', "/a\n", '/$x']],
  'Shepherd::Public_key' => [[KEY], ['', KEY.sub('PUBLIC', 'PRIVATE'), "#{KEY}more"]],
  'Shepherd::Rollout' => [%w[check on], %w[off ON]],
  'Shepherd::Wheel' => [['flocking-shepherd', '/a/b-1-py3.whl'], ['a b', '/a/b', 'https://x/a.whl', '-r']],
  'Shepherd::Version' => [['0.1.0', '1.0rc1', '1.0+x'], ['', 'x', '1 2', '1;2']],
  'Shepherd::File_name' => [['lease'], ['../x', '', '.hidden', 'a/b']],
  'Shepherd::Unit_name' => [['condor'], ['', 'a b', '-x']],
  'Shepherd::Toml' => [[1, 'a', ['a'], { 'a' => { 'b' => [1.5] } }], [:default]]
}.each do |name, (good, bad)|
  describe name do
    it { is_expected.to allow_values(*good) }
    it { is_expected.not_to allow_values(*bad) }
  end
end
