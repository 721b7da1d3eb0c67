# @summary A value as TOML writes it.
#
# @param value
#   What to write. Strings must not hold control characters other than tabs and line breaks.
#
# @return The text.
#
# @example
#   shepherd::toml(['a', 'b"c']) # => ["a", "b\"c"]
function shepherd::toml(Shepherd::Toml $value) >> String {
  case $value {
    Boolean, Numeric: {
      String($value, '%p')
    }
    Array: {
      $items = $value.map |$item| { shepherd::toml($item) }
      "[${items.join(', ')}]"
    }
    Hash: {
      $pairs = $value.map |$key, $item| { "${shepherd::toml($key)} = ${shepherd::toml($item)}" }
      "{ ${pairs.join(', ')} }"
    }
    default: {
      $slashes = regsubst($value, '\\\\', '\\\\\\\\', 'G')
      $quotes = regsubst($slashes, '"', '\\\\"', 'G')
      $tabs = regsubst($quotes, "\t", '\\\\t', 'G')
      $lines = regsubst($tabs, "\n", '\\\\n', 'G')
      "\"${lines}\""
    }
  }
}
