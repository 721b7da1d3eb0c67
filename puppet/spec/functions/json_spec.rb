# frozen_string_literal: true

describe 'shepherd::json' do
  it { is_expected.to run.with_params({ 'a' => [1, true] }).and_return("{\n  \"a\": [\n    1,\n    true\n  ]\n}\n") }
end
