# @summary The hardware address that goes with an IPv4 address: `02:42` and its four bytes, as dockerd's own.
#
# @param address
#   An IPv4 address.
#
# @return The hardware address.
#
# @example
#   shepherd::mac('10.27.2.20') # => 02:42:0a:1b:02:14
function shepherd::mac(Shepherd::Ipv4 $address) >> String {
  $bytes = $address.split('[.]').map |$byte| { sprintf('%02x', Integer($byte, 10)) }
  "02:42:${bytes.join(':')}"
}
