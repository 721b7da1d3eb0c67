# frozen_string_literal: true

describe 'shepherd::mac' do
  it { is_expected.to run.with_params('10.27.2.20').and_return('02:42:0a:1b:02:14') }
  it { is_expected.to run.with_params('255.255.255.255').and_return('02:42:ff:ff:ff:ff') }
  it { is_expected.to run.with_params('10.27.2.256').and_raise_error(StandardError) }
  it { is_expected.to run.with_params('10.27.2').and_raise_error(StandardError) }
end
