# @summary The settings of /etc/shepherd/gateway.toml.
#
# The flock VLAN's only way out.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `outside`: Interfaces towards the internet. Guests' traffic leaves by these and no others.
# * `nat_address`: Public IPv4 address that guests' traffic bears outside. Keep it for flocking alone: a complaint then
#   names guests at once.
# * `site_networks`: The site's own networks, public and private, which guests never reach. Networks that are nobody's
#   on the internet (RFC 1918, link-local, multicast and so on) are refused besides, always.
# * `inside`: Interfaces towards services of the site that are named below (resolvers, proxies, schedds), if they are
#   not reached by `outside`. Default: `[]`.
# * `routes_for_others`: Whether this machine is a router besides. False: it forwards nothing but guests' traffic, and
#   refuses to begin on a machine that is a router already. True: all other traffic is left to the administrator's own
#   rules. Default: `false`.
# * `vlan`: Interface on the flock VLAN. Default: `"em1.2512"`.
# * `subnet`: The flock VLAN's network; packets from the VLAN with another source are dropped. Default:
#   `"10.27.0.0/16"`.
# * `gateway`: The gateway's own address on the VLAN. Default: `"10.27.0.1"`.
# * `collector`: Address and port of the flock pool's collector, as the containers see it. Default: `"10.27.0.1:9619"`.
# * `schedds`: Guests' schedds that lie within a forbidden network, `NAME=ADDRESS:PORT`: named exceptions. Guests
#   outside need none. Default: `[]`.
# * `dns`: Resolvers that guests may ask, IPv4 addresses. No others: DNS to anywhere is a tunnel to anywhere. Default:
#   `[]`.
# * `ntp`: Time servers that guests may ask, IPv4 addresses. Default: `[]`.
# * `squid`: Proxies for software and calibration data (CVMFS, Frontier), `ADDRESS:PORT`. Default: `[]`.
# * `refused_ports`: TCP ports that are refused everywhere: mail, what worms spread by, and resolvers that are not
#   named. `N` or `N-M`. Default: `["22", "23", "25", "53", "111", "135", "137-139", "445", "465", "587", "853", "2049",
#   "3389", "5900-5910"]`.
# * `only_ports`: If given, the only TCP ports that guests may reach outside; empty: all but `refused_ports`. `N` or
#   `N-M`. Default: `[]`.
# * `udp_ports`: UDP ports that guests may reach outside; DNS and NTP are named above. None by default: UDP carries
#   amplified attacks and tunnels, and no batch job needs it. `N` or `N-M`. Default: `[]`.
# * `connections`: Connections to the outside that one host may have open at once. Default: `400`.
# * `new_per_s`: Connections to the outside that one host may begin in a second; twice as many in a burst. Default:
#   `40`.
# * `pool_connections`: Connections to the flock pool's collector that one host may have open at once. It needs one for
#   each of its daemons and of its running jobs. Default: `1000`.
# * `pool_new_per_s`: Connections to the flock pool's collector that one host may begin in a second; twice as many in a
#   burst. Default: `50`.
# * `dns_per_s`: DNS packets that one host may send in a second; bounds what a tunnel by DNS can carry. Default: `50`.
# * `log_new_group`: Group of the kernel's packet log (NFLOG) that gets the first packet of each allowed connection.
#   Default: `2`.
# * `log_denied_group`: Group of the kernel's packet log (NFLOG) that gets refused packets, at most 10 a second for each
#   host. Default: `1`.
# * `check_s`: How often the rules in the kernel are compared with these settings. Seconds, at most 30. Default: `10.0`.
# * `spool`: Directory in which guests' connections are recorded until the shepherd has fetched them. Empty: nothing is
#   recorded, and nobody can say later who reached what. Default: `"/var/lib/shepherd-gateway/flows"`.
# * `spool_mib`: Beyond this the oldest records that nobody has fetched are dropped, and it is recorded that they are
#   missing. A connection takes about 300 bytes. MiB. Default: `1024`.
# * `seal_s`: How soon a connection can be fetched after it began or ended. Seconds. Default: `5.0`.
# * `home_collector`: Address of the home collector, `host[:port]`, whose lease pages say what is banned or quarantined;
#   empty: HTCondor's COLLECTOR_HOST. Default: `""`.
# * `pool`: Name of the home pool, `home.name` of the shepherd's settings: pages of another one are refused. Default:
#   `""`.
# * `trusted_keys`: Files with the public keys whose pages are obeyed, as at the keepers. None: this gateway hears
#   neither bans nor quarantines, and says so. Default: `[]`.
# * `condor_config`: HTCondor configuration for reading pages, with a token that has READ in the home pool and no more;
#   empty: HTCondor's own default. Default: `""`.
# * `stops_s`: How often the pages are asked for. Seconds: what a quarantined container may still send. Default: `0.5`.
# * `skew_s`: How far the shepherd's clock may be ahead of this machine's. Seconds. A page from further ahead stops
#   somebody, but lets nobody go. Default: `300.0`.
# * `state`: Directory in which this program keeps what must outlive it: which pages it saw, and what they stop.
#   Default: `"/var/lib/shepherd-gateway"`.
type Shepherd::Settings::Gateway = Struct[{
  outside => Array[String[1]],
  nat_address => String[1],
  site_networks => Array[String[1]],
  Optional[inside] => Array[String[1]],
  Optional[routes_for_others] => Boolean,
  Optional[vlan] => String,
  Optional[subnet] => String,
  Optional[gateway] => String,
  Optional[collector] => String,
  Optional[schedds] => Array[String[1]],
  Optional[dns] => Array[String[1]],
  Optional[ntp] => Array[String[1]],
  Optional[squid] => Array[String[1]],
  Optional[refused_ports] => Array[String[1]],
  Optional[only_ports] => Array[String[1]],
  Optional[udp_ports] => Array[String[1]],
  Optional[connections] => Integer,
  Optional[new_per_s] => Integer,
  Optional[pool_connections] => Integer,
  Optional[pool_new_per_s] => Integer,
  Optional[dns_per_s] => Integer,
  Optional[log_new_group] => Integer,
  Optional[log_denied_group] => Integer,
  Optional[check_s] => Numeric,
  Optional[spool] => String,
  Optional[spool_mib] => Integer,
  Optional[seal_s] => Numeric,
  Optional[home_collector] => String,
  Optional[pool] => String,
  Optional[trusted_keys] => Array[String[1]],
  Optional[condor_config] => String,
  Optional[stops_s] => Numeric,
  Optional[skew_s] => Numeric,
  Optional[state] => String,
}]
