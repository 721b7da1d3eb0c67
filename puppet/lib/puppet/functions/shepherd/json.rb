# frozen_string_literal: true

require 'json'

# @summary Data as JSON, one member a line.
Puppet::Functions.create_function(:'shepherd::json') do
  # @param value What to write.
  # @return [String] The text, with a line break at its end.
  # @example
  #   shepherd::json({ 'userns-remap' => 'default' })
  dispatch :json do
    param 'Data', :value
    return_type 'String'
  end

  def json(value)
    "#{JSON.pretty_generate(value)}\n"
  end
end
