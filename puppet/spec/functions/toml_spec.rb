# frozen_string_literal: true

describe 'shepherd::toml' do
  {
    true => 'true', 12 => '12', 0.25 => '0.25', 900.0 => '900.0', 1e-7 => '1.0e-07', 'a' => '"a"', '' => '""',
    'a"b' => '"a\\"b"', 'a\\d' => '"a\\\\d"', "a\tb\nc" => '"a\\tb\\nc"', 'p(?P<rest>.*)' => '"p(?P<rest>.*)"',
    [] => '[]', ['a', 1] => '["a", 1]', { 'p1' => 'f1' } => '{ "p1" = "f1" }'
  }.each do |value, text|
    it { is_expected.to run.with_params(value).and_return(text) }
  end

  it { is_expected.to run.with_params(nil).and_raise_error(StandardError) }
end
