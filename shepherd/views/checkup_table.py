"""What `shepherd check` looks at, and why: the table of docs/check.md."""

from collections.abc import Iterator, Mapping

from shepherd.model.finding import Role, Subject

C, N, G = Role.CENTRAL, Role.NODE, Role.GATEWAY
HEAD = """# What `shepherd check` looks at

`shepherd check` on the central manager, `--node` on a host, `--gateway` on the gateway, `--all` for every part whose
settings file is on the machine. One line a finding: `ok`, `warn` (it works, or could not be looked at, and somebody
should know) or `WRONG`, and then what to do. It changes nothing. It ends with 0 if nothing is wrong, with 1 if
something is, with 2 if the settings themselves are. `--json` for machines, `--effective` for the settings in force,
`--audit` for the walls of a host (DESIGN.md, walls). Call it with sudo: the central manager's part gives up root's
rights by itself and looks as the user whom the daemon runs as.

What needs something that is wrong is not looked at, and says so.

"""

EXPLAINED: Mapping[Subject, tuple[tuple[Role, ...], str]] = {
    Subject.ACCOUNT: ((C,), "whose rights the following is about: those of the daemon's user, not of whoever asks"),
    Subject.BINDINGS: ((C, N), "`htcondor2` is there, and is not older than the daemons it talks to"),
    Subject.TOOLS: ((C,), "`condor_version` of `paths.tools`: they give the orders"),
    Subject.FLOCKOFF: ((C,), "the running daemon sees the very directory that an administrator touches the file in"),
    Subject.STATE: ((C,), "the ledger's directory is the daemon's, and has room: without it nothing is lent"),
    Subject.INTENTS: ((C,), "the spool's group may order, and nobody else"),
    Subject.TOKENS: ((C, N), "each token for the home pool: who can read it, whom it signs in, until when"),
    Subject.LEASE_KEY: ((C,), "the private key is there, and the daemon's alone"),
    Subject.NAMES: ((C, N), "this machine's own name and those in the settings have addresses, soon"),
    Subject.HOME_COLLECTOR: ((C, N), "it answers, is no older than 23.0, and has been up long enough to know the pool"),
    Subject.CLOCK: ((C, N), "this machine's clock against the home collector's: leases are promises about time"),
    Subject.HOME_RIGHTS: ((C, N), "READ, DAEMON (lease pages, keepers' ads) and, for the shepherd, ADMINISTRATOR"),
    Subject.HOME_SURPLUS: ((C,), "no right that a stolen account could forge matches, settings, hosts or demand with"),
    Subject.SCHEDDS: ((C,), "the schedds whose demand counts are there, under an identity that is named"),
    Subject.PAGES: ((C,), "all lease pages in the home collector are under our key"),
    Subject.HOSTS: ((C,), "the naming rule finds hosts in the home pool, and no two of one name"),
    Subject.KEEPERS: ((C,), "how many hosts have a keeper, of which version, and what keepers complain of"),
    Subject.HOME_ORDERS: ((C,), "one host's startd takes orders from here (a log that it has not is asked for)"),
    Subject.FLOCK_COLLECTOR: ((C, N), "the flock pool's collector answers"),
    Subject.NEGOTIATOR: ((C,), "the flock pool has a negotiator"),
    Subject.TRUST_DOMAIN: ((C,), "the two pools have two trust domains: what a container holds is worthless at home"),
    Subject.FLOCK_RIGHTS: ((C,), "READ and ADMINISTRATOR in the flock pool"),
    Subject.FLOCK_SURPLUS: ((C, N), "no more than that; a container's token no more than to advertise itself"),
    Subject.FLOCK_ORDERS: ((C,), "one lent host's container takes an order from here; nothing, while nothing is lent"),
    Subject.MONITORING: ((C,), "our account in the site's monitoring has the permissions that it needs"),
    Subject.PRIVILEGE: ((N, G), "root, or CAP_NET_ADMIN on a gateway"),
    Subject.KERNEL: ((N,), "5.16 for the host guard, 6.12 for jobs' abstract sockets"),
    Subject.NAMESPACES: ((N,), "user namespaces may be made: `userns-remap` and jobs' walls are"),
    Subject.SECCOMP: ((N,), "system calls can be filtered"),
    Subject.LANDLOCK: ((N,), "Landlock is in force, with scopes"),
    Subject.APPARMOR: ((N,), "the profile of the settings is loaded"),
    Subject.CGROUPS: ((N,), "memory, processes and processors can be limited"),
    Subject.MEMORY: ((N,), "what a full container leaves to the host; swap"),
    Subject.LINKS: ((N,), "the kernel makes macvlans, rules on them, VLANs (with `link`): tried in a throwaway place"),
    Subject.DOCKERD: ((N,), "it answers, is new enough, and can build the profile's walls (`userns-remap`)"),
    Subject.STORAGE: ((N,), "it does not copy the whole image for each lend"),
    Subject.LIVE_RESTORE: ((N,), "its restart ends no lend"),
    Subject.IMAGE: ((N,), "an image that is allowed is here, or the registry has it"),
    Subject.NETWORK: ((N,), "VLAN interface, docker network, host guard; nobody else has the container's address"),
    Subject.WAY_OUT: ((N,), "the gateway answers ARP on the VLAN, asked as the container would"),
    Subject.LEAK_TARGETS: ((N,), "each answers this host: what answers nobody proves nothing"),
    Subject.RUN_DIR: ((N,), "the host lock's directory is root's alone"),
    Subject.GUARD: ((N,), "the guard's file is this release's, and root's"),
    Subject.STARTD: ((N,), "condor_master runs the guard as STARTD"),
    Subject.BACKOFF: ((N,), "the startd is started again within 10 s, however often a host was lent"),
    Subject.DROP_IN: ((N,), "so is condor_master, by systemd"),
    Subject.TRUSTED_KEYS: ((N,), "the lease pages of this host are signed by a key that is trusted here"),
    Subject.KEEPER: ((N,), "it runs, the home collector has heard of it lately, and it complains of nothing"),
    Subject.FLOCK_TOKEN: ((N,), "this host's token signs its container in, under its own name"),
    Subject.NFT: ((G,), "the tool is there and new enough"),
    Subject.INTERFACES: ((G,), "those of the settings are there and up, the VLAN's with the gateway's address"),
    Subject.RULES: ((G,), "the rules in the kernel are those of the settings, by their listing"),
    Subject.ROUTING: ((G,), "what no rule has marked is refused by the routing, also after a flush"),
    Subject.KERNEL_SETTINGS: ((G,), "forwarding, rp_filter, redirects, IPv6 and connection accounting"),
    Subject.NAT_ADDRESS: ((G,), "the address that guests' traffic bears is on an interface outside"),
    Subject.CONNTRACK: ((G,), "room for the connections of twenty hosts at their limits"),
    Subject.SERVICES: ((G,), "the flock pool, resolvers, proxies and schedds of the settings answer"),
    Subject.OTHER_FIREWALLS: ((G,), "nobody else flushes rules at boot or reload"),
    Subject.PROGRAM: ((G,), "`shepherd gateway run` keeps the rules in force"),
}  # fmt: skip
"""Which parts look at a thing, and what must hold. Every subject, in the order of the table."""


def checkup_markdown() -> str:
    """docs/check.md."""
    return HEAD + "\n".join(rows()) + "\n"


def rows() -> Iterator[str]:
    """The table."""
    yield "| finding | on | what must hold |"
    yield "|---|---|---|"
    for subject, (roles, why) in EXPLAINED.items():
        yield f"| {subject.value} | {', '.join(role.value for role in roles)} | {why} |"
