# @summary An IPv4 address.
type Shepherd::Ipv4 = Pattern[/\A(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\z/]
