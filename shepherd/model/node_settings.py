"""The keeper's settings (`/etc/shepherd/node.toml` of a host): meaning, unit and reason at every field."""

import dataclasses

from shepherd.model.container import Profile


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeSettings:
    """One host's keeper."""

    host: str
    """Machine name of the regular startd, as in the home pool."""
    pool: str
    """Name of the home pool; pages of another pool are refused."""
    trusted_keys: tuple[str, ...]
    """Files with Ed25519 public keys (PEM) of the shepherd. Two during a rotation. At least one."""
    images: tuple[str, ...]
    """Ids of images this host may start, `sha256:…`. A lease for another is refused."""
    flock_name: str
    """Hostname of the container."""
    flock_address: str
    """Fixed IPv4 address of the container on the macvlan network."""
    flock_mac: str
    """Fixed MAC address of the container; firewall rules name both."""
    flock_collector: str
    """Address and port of the flock pool's collector as the container sees it, `10.27.0.1:9619`. Jobs are kept from it
    by rules in the container's network namespace; HTCondor there is told it as COLLECTOR_HOST."""
    network: str = "macvlan2512"
    """Name of the macvlan network in docker."""
    parent: str = "em1.2512"
    """Interface on the flock VLAN, which the macvlan network hangs on; anything else is a failed check."""
    link: str = ""
    """Interface that carries the VLAN, e.g. `em1`: `shepherd node up` then makes `parent` as its tagged sub-interface.
    Empty: `parent` is made by somebody else, or is a network card of its own."""
    vlan: int = 0
    """VLAN id of `parent` on `link`, 1 to 4094; 0 without `link`."""
    guard: bool = True
    """The host guard: rules on `parent` that let only the container's own hardware and IPv4 address out, to the gateway
    and beyond it, and no IPv6. False is a weaker profile: containers may then forge addresses and reach each other."""
    subnet: str = "10.27.0.0/16"
    """Subnet the macvlan network must have."""
    gateway: str = "10.27.0.1"
    """Gateway the macvlan network must have."""
    collector: str = ""
    """Home collector, `host[:port]`; empty: COLLECTOR_HOST of the HTCondor configuration."""
    condor_config: str = ""
    """HTCondor configuration file; empty: HTCondor's own default."""
    condor_service: str = "condor"
    """systemd's unit of this host's HTCondor."""
    token: str = "/etc/shepherd/flock-token"  # noqa: S105 - a path, not a secret
    """File with this host's token for the flock pool, root 0600. With `flock_pool` it never leaves the host."""
    flock_pool: str = ""
    """The flock pool's collector as this host sees it, `host:port`: a short-lived token is fetched there for each
    container, and renewed at half its life. Empty is weaker: the host's own token is copied into the container."""
    leak_targets: tuple[str, ...] = ()
    """Addresses on the site's own networks that answer, `ADDRESS:PORT`, such as storage and the home collector. Before
    each lend, and now and then during it, the keeper tries them from within the container: if one answers, nothing is
    lent. At least one, but for profile `talk`."""
    leak_check_s: float = 300.0
    """How often the container and its walls are looked at while the host is lent. Seconds."""
    token_s: float = 3600.0
    """How long a container's token is good for. Seconds; at least 300."""
    run_dir: str = "/run/shepherd"
    """Root-only directory on tmpfs: lock file, control file, boot nonce. Mounted read-only into the container."""
    docker: str = "unix:///var/run/docker.sock"
    """dockerd's socket."""
    cgroup_parent: str = ""
    """cgroup under which the container is put; empty: docker's default."""
    poll_local_s: float = 60.0
    """How often the lease page is read while the host is local, jittered. Seconds."""
    poll_flock_s: float = 5.0
    """How often it is read while lent: bounds a reclaim when the fast way fails, and how long a ban takes to get here.
    Seconds. The collector answers in half a millisecond: a thousand lent hosts take a tenth of a processor."""
    arm_poll_s: float = 1.0
    """How often it is read while the container waits for the lock, and in the first minute after `go`: a lend that does
    not come up is given up at once. Seconds. At most 2."""
    skew_s: float = 300.0
    """Clock difference to the shepherd that is tolerated. Seconds. Beyond it the host is not lent."""
    drained_too_long_s: float = 25.0
    """If our own startd stays Drained this long without `go`, the keeper gives the lend up and lets the
    startd restart. Seconds. With restart back-off and start-up this stays below 60 s without a startd."""
    go_wait_s: float = 10.0
    """How long PID 1 may hold the lock without `go`. Seconds."""
    abandoned_s: float = 60.0
    """If for this long the regular startd neither runs nor waits for the host, HTCondor was stopped here: a lend ends,
    and none begins. Seconds. Longer than a package upgrade, or the restart back-off, takes."""
    report_s: float = 300.0
    """The keeper's ad is sent at every change and at least this often. Seconds."""
    docker_s: float = 20.0
    """Deadline of one request to dockerd. Seconds."""
    registry: str = ""
    """Where images that are missing here are fetched from, `registry.example.org:5000/shepherd/flock`. They lie there
    under a tag that is their id, and are started only if that is what came. Empty: others bring images here."""
    registry_login: str = ""
    """File with user and password for it, `{"username": "…", "password": "…"}`, root 0600; empty: it asks for none."""
    profile: Profile = Profile.APART
    """How far jobs are kept apart: `apart`, each in namespaces of its own; `accounts`, weaker, for a dockerd without
    `userns-remap`: jobs share /tmp and IPC and see HTCondor's settings; `talk`, weakest, what the original did."""
    apparmor: str = ""
    """AppArmor profile of the container, on a host that has AppArmor: dockerd's own keeps profile `apart` from building
    its walls. `shepherd-flock` is the one that lies beside the image's recipe. Empty: dockerd's own."""
    dns: tuple[str, ...] = ()
    """Resolvers of the container, IPv4 addresses; the gateway must let them through. None: it resolves no names."""
    memory_mib: int = 0
    """Memory limit of the container, scratch space included; 0: `memory_percent` of the host's. MiB. Its startd offers
    what scratch space and HTCondor itself leave of it, unless `environment` says `_CONDOR_MEMORY`."""
    memory_percent: int = 90
    """Of the host's memory, if `memory_mib` is 0; 0: no limit, so that guests can take all of it. The host's own
    daemons live in the rest. Percent."""
    processes: int = 16384
    """Processes and threads that the container may have at once; 0: no limit. A job's account may have 2048 besides."""
    cpus: float = 0.0
    """Processors that the container may use, and its startd offers; 0: all."""
    scratch_mib: int = 4096
    """Size of HTCondor's directory in the container, jobs' sandboxes included. It lies in memory and is gone with the
    container. MiB."""
    shm_mib: int = 64
    """Size of the container's /dev/shm. MiB. With profile `apart` each job has one of its own, of 64."""
    environment: tuple[str, ...] = ()
    """`NAME=value` given to the container's HTCondor, e.g. `_CONDOR_NUM_CPUS=8`."""
    spool: str = "/var/lib/shepherd-node/spool"
    """Directory of what the host records of its lends and jobs until the shepherd has stored it. HTCondor's
    configuration names it, too (`SHEPHERD_SPOOL_LOG`), and its account must be able to read it."""
    spool_mib: int = 64
    """Size of that, at most: then the oldest is dropped, which is told. Some 100 000 jobs. MiB."""
    trace_s: float = 10.0
    """While the host is lent, what was recorded is handed over so often; at a lend's end at once. Seconds."""
    trace_mib: int = 16
    """Size of the file system in memory into which a container's startd writes about jobs; what the keeper has read is
    given back. MiB; at least 4."""
    evidence: str = "/var/lib/shepherd-node/evidence"
    """Directory for evidence of quarantined containers, root's alone. On a disk: it outlives a boot."""
    evidence_mib: int = 8192
    """What all evidence on this host may take; the oldest gives way. A recording takes no more than is left of it, and
    leaves 512 MiB of the disk free. Containers' writable layers stay in dockerd besides. MiB."""
    evidence_memory_mib: int = 1024
    """Of it, what processes' memory may take in one recording. MiB."""
    evidence_days: float = 30.0
    """How long evidence is kept, and the container's writable layer with it. Days."""
    evidence_s: float = 5.0
    """How long a frozen container is looked at, at most; then the host goes back to local work. Ten times as long if it
    is kept. Seconds."""
    logger: str = ""
    """The site's logger, which gets what HTCondor in the container writes to its logs, as it writes it: `udp:HOST:514`,
    `tcp:HOST:601`, `tls:HOST:6514` or `unix:/dev/log`. Empty: those logs end with the container."""
    logger_ca_file: str = ""
    """File with the authority that signed the logger's certificate (PEM), for `tls:`; empty: those of the system."""
