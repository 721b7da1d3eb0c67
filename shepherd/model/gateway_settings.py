"""The gateway's settings (`/etc/shepherd/gateway.toml`): meaning, unit and reason at every field."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """The flock VLAN's only way out."""

    outside: tuple[str, ...]
    """Interfaces towards the internet. Guests' traffic leaves by these and no others."""
    nat_address: str
    """Public IPv4 address that guests' traffic bears outside. Keep it for flocking alone: a complaint then names guests
    at once."""
    site_networks: tuple[str, ...]
    """The site's own networks, public and private, which guests never reach. Networks that are nobody's on the internet
    (RFC 1918, link-local, multicast and so on) are refused besides, always."""
    inside: tuple[str, ...] = ()
    """Interfaces towards services of the site that are named below (resolvers, proxies, schedds), if they are not
    reached by `outside`."""
    routes_for_others: bool = False
    """Whether this machine is a router besides. False: it forwards nothing but guests' traffic, and refuses to begin on
    a machine that is a router already. True: all other traffic is left to the administrator's own rules."""
    vlan: str = "em1.2512"
    """Interface on the flock VLAN."""
    subnet: str = "10.27.0.0/16"
    """The flock VLAN's network; packets from the VLAN with another source are dropped."""
    gateway: str = "10.27.0.1"
    """The gateway's own address on the VLAN."""
    collector: str = "10.27.0.1:9619"
    """Address and port of the flock pool's collector, as the containers see it."""
    schedds: tuple[str, ...] = ()
    """Guests' schedds that lie within a forbidden network, `NAME=ADDRESS:PORT`: named exceptions. Guests outside need
    none."""
    dns: tuple[str, ...] = ()
    """Resolvers that guests may ask, IPv4 addresses. No others: DNS to anywhere is a tunnel to anywhere."""
    ntp: tuple[str, ...] = ()
    """Time servers that guests may ask, IPv4 addresses."""
    squid: tuple[str, ...] = ()
    """Proxies for software and calibration data (CVMFS, Frontier), `ADDRESS:PORT`."""
    refused_ports: tuple[str, ...] = (
        "22", "23", "25", "53", "111", "135", "137-139", "445", "465", "587", "853", "2049", "3389", "5900-5910",
    )  # fmt: skip
    """TCP ports that are refused everywhere: mail, what worms spread by, and resolvers that are not named. `N` or
    `N-M`."""
    only_ports: tuple[str, ...] = ()
    """If given, the only TCP ports that guests may reach outside; empty: all but `refused_ports`. `N` or `N-M`."""
    udp_ports: tuple[str, ...] = ()
    """UDP ports that guests may reach outside; DNS and NTP are named above. None by default: UDP carries amplified
    attacks and tunnels, and no batch job needs it. `N` or `N-M`."""
    connections: int = 400
    """Connections to the outside that one host may have open at once."""
    new_per_s: int = 40
    """Connections to the outside that one host may begin in a second; twice as many in a burst."""
    pool_connections: int = 1000
    """Connections to the flock pool's collector that one host may have open at once. It needs one for each of its
    daemons and of its running jobs."""
    pool_new_per_s: int = 50
    """Connections to the flock pool's collector that one host may begin in a second; twice as many in a burst."""
    dns_per_s: int = 50
    """DNS packets that one host may send in a second; bounds what a tunnel by DNS can carry."""
    log_new_group: int = 2
    """Group of the kernel's packet log (NFLOG) that gets the first packet of each allowed connection."""
    log_denied_group: int = 1
    """Group of the kernel's packet log (NFLOG) that gets refused packets, at most 10 a second for each host."""
    check_s: float = 10.0
    """How often the rules in the kernel are compared with these settings. Seconds, at most 30."""
    spool: str = "/var/lib/shepherd-gateway/flows"
    """Directory in which guests' connections are recorded until the shepherd has fetched them. Empty: nothing is
    recorded, and nobody can say later who reached what."""
    spool_mib: int = 1024
    """Beyond this the oldest records that nobody has fetched are dropped, and it is recorded that they are missing. A
    connection takes about 300 bytes. MiB."""
    seal_s: float = 5.0
    """How soon a connection can be fetched after it began or ended. Seconds."""
    home_collector: str = ""
    """Address of the home collector, `host[:port]`, whose lease pages say what is banned or quarantined; empty:
    HTCondor's COLLECTOR_HOST."""
    pool: str = ""
    """Name of the home pool, `home.name` of the shepherd's settings: pages of another one are refused."""
    trusted_keys: tuple[str, ...] = ()
    """Files with the public keys whose pages are obeyed, as at the keepers. None: this gateway hears neither bans nor
    quarantines, and says so."""
    condor_config: str = ""
    """HTCondor configuration for reading pages, with a token that has READ in the home pool and no more; empty:
    HTCondor's own default."""
    stops_s: float = 0.5
    """How often the pages are asked for. Seconds: what a quarantined container may still send."""
    skew_s: float = 300.0
    """How far the shepherd's clock may be ahead of this machine's. Seconds. A page from further ahead stops somebody,
    but lets nobody go."""
    state: str = "/var/lib/shepherd-gateway"
    """Directory in which this program keeps what must outlive it: which pages it saw, and what they stop."""
