# @summary The settings of /etc/shepherd/node.toml.
#
# One host's keeper.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `host`: Machine name of the regular startd, as in the home pool.
# * `pool`: Name of the home pool; pages of another pool are refused.
# * `trusted_keys`: Files with Ed25519 public keys (PEM) of the shepherd. Two during a rotation. At least one.
# * `images`: Ids of images this host may start, `sha256:…`. A lease for another is refused.
# * `flock_name`: Hostname of the container.
# * `flock_address`: Fixed IPv4 address of the container on the macvlan network.
# * `flock_mac`: Fixed MAC address of the container; firewall rules name both.
# * `flock_collector`: Address and port of the flock pool's collector as the container sees it, `10.27.0.1:9619`. Jobs
#   are kept from it by rules in the container's network namespace; HTCondor there is told it as COLLECTOR_HOST.
# * `network`: Name of the macvlan network in docker. Default: `"macvlan2512"`.
# * `parent`: Interface on the flock VLAN, which the macvlan network hangs on; anything else is a failed check. Default:
#   `"em1.2512"`.
# * `link`: Interface that carries the VLAN, e.g. `em1`: `shepherd node up` then makes `parent` as its tagged
#   sub-interface. Empty: `parent` is made by somebody else, or is a network card of its own. Default: `""`.
# * `vlan`: VLAN id of `parent` on `link`, 1 to 4094; 0 without `link`. Default: `0`.
# * `guard`: The host guard: rules on `parent` that let only the container's own hardware and IPv4 address out, to the
#   gateway and beyond it, and no IPv6. False is a weaker profile: containers may then forge addresses and reach each
#   other. Default: `true`.
# * `subnet`: Subnet the macvlan network must have. Default: `"10.27.0.0/16"`.
# * `gateway`: Gateway the macvlan network must have. Default: `"10.27.0.1"`.
# * `collector`: Home collector, `host[:port]`; empty: COLLECTOR_HOST of the HTCondor configuration. Default: `""`.
# * `condor_config`: HTCondor configuration file; empty: HTCondor's own default. Default: `""`.
# * `condor_service`: systemd's unit of this host's HTCondor. Default: `"condor"`.
# * `token`: File with this host's token for the flock pool, root 0600. With `flock_pool` it never leaves the host.
#   Default: `"/etc/shepherd/flock-token"`.
# * `flock_pool`: The flock pool's collector as this host sees it, `host:port`: a short-lived token is fetched there for
#   each container, and renewed at half its life. Empty is weaker: the host's own token is copied into the container.
#   Default: `""`.
# * `leak_targets`: Addresses on the site's own networks that answer, `ADDRESS:PORT`, such as storage and the home
#   collector. Before each lend, and now and then during it, the keeper tries them from within the container: if one
#   answers, nothing is lent. At least one, but for profile `talk`. Default: `[]`.
# * `leak_check_s`: How often the container and its walls are looked at while the host is lent. Seconds. Default:
#   `300.0`.
# * `token_s`: How long a container's token is good for. Seconds; at least 300. Default: `3600.0`.
# * `run_dir`: Root-only directory on tmpfs: lock file, control file, boot nonce. Mounted read-only into the container.
#   Default: `"/run/shepherd"`.
# * `docker`: dockerd's socket. Default: `"unix:///var/run/docker.sock"`.
# * `cgroup_parent`: cgroup under which the container is put; empty: docker's default. Default: `""`.
# * `poll_local_s`: How often the lease page is read while the host is local, jittered. Seconds. Default: `60.0`.
# * `poll_flock_s`: How often it is read while lent: bounds a reclaim when the fast way fails, and how long a ban takes
#   to get here. Seconds. The collector answers in half a millisecond: a thousand lent hosts take a tenth of a
#   processor. Default: `5.0`.
# * `arm_poll_s`: How often it is read while the container waits for the lock, and in the first minute after `go`: a
#   lend that does not come up is given up at once. Seconds. At most 2. Default: `1.0`.
# * `skew_s`: Clock difference to the shepherd that is tolerated. Seconds. Beyond it the host is not lent. Default:
#   `300.0`.
# * `drained_too_long_s`: If our own startd stays Drained this long without `go`, the keeper gives the lend up and lets
#   the startd restart. Seconds. With restart back-off and start-up this stays below 60 s without a startd. Default:
#   `25.0`.
# * `go_wait_s`: How long PID 1 may hold the lock without `go`. Seconds. Default: `10.0`.
# * `abandoned_s`: If for this long the regular startd neither runs nor waits for the host, HTCondor was stopped here: a
#   lend ends, and none begins. Seconds. Longer than a package upgrade, or the restart back-off, takes. Default: `60.0`.
# * `report_s`: The keeper's ad is sent at every change and at least this often. Seconds. Default: `300.0`.
# * `docker_s`: Deadline of one request to dockerd. Seconds. Default: `20.0`.
# * `registry`: Where images that are missing here are fetched from, `registry.example.org:5000/shepherd/flock`. They
#   lie there under a tag that is their id, and are started only if that is what came. Empty: others bring images here.
#   Default: `""`.
# * `registry_login`: File with user and password for it, `{"username": "…", "password": "…"}`, root 0600; empty: it
#   asks for none. Default: `""`.
# * `profile`: How far jobs are kept apart: `apart`, each in namespaces of its own; `accounts`, weaker, for a dockerd
#   without `userns-remap`: jobs share /tmp and IPC and see HTCondor's settings; `talk`, weakest, what the original did.
#   Default: `"apart"`.
# * `apparmor`: AppArmor profile of the container, on a host that has AppArmor: dockerd's own keeps profile `apart` from
#   building its walls. `shepherd-flock` is the one that lies beside the image's recipe. Empty: dockerd's own. Default:
#   `""`.
# * `dns`: Resolvers of the container, IPv4 addresses; the gateway must let them through. None: it resolves no names.
#   Default: `[]`.
# * `memory_mib`: Memory limit of the container, scratch space included; 0: `memory_percent` of the host's. MiB. Its
#   startd offers what scratch space and HTCondor itself leave of it, unless `environment` says `_CONDOR_MEMORY`.
#   Default: `0`.
# * `memory_percent`: Of the host's memory, if `memory_mib` is 0; 0: no limit, so that guests can take all of it. The
#   host's own daemons live in the rest. Percent. Default: `90`.
# * `processes`: Processes and threads that the container may have at once; 0: no limit. A job's account may have 2048
#   besides. Default: `16384`.
# * `cpus`: Processors that the container may use, and its startd offers; 0: all. Default: `0.0`.
# * `scratch_mib`: Size of HTCondor's directory in the container, jobs' sandboxes included. It lies in memory and is
#   gone with the container. MiB. Default: `4096`.
# * `shm_mib`: Size of the container's /dev/shm. MiB. With profile `apart` each job has one of its own, of 64. Default:
#   `64`.
# * `environment`: `NAME=value` given to the container's HTCondor, e.g. `_CONDOR_NUM_CPUS=8`. Default: `[]`.
# * `spool`: Directory of what the host records of its lends and jobs until the shepherd has stored it. HTCondor's
#   configuration names it, too (`SHEPHERD_SPOOL_LOG`), and its account must be able to read it. Default:
#   `"/var/lib/shepherd-node/spool"`.
# * `spool_mib`: Size of that, at most: then the oldest is dropped, which is told. Some 100 000 jobs. MiB. Default:
#   `64`.
# * `trace_s`: While the host is lent, what was recorded is handed over so often; at a lend's end at once. Seconds.
#   Default: `10.0`.
# * `trace_mib`: Size of the file system in memory into which a container's startd writes about jobs; what the keeper
#   has read is given back. MiB; at least 4. Default: `16`.
# * `evidence`: Directory for evidence of quarantined containers, root's alone. On a disk: it outlives a boot. Default:
#   `"/var/lib/shepherd-node/evidence"`.
# * `evidence_mib`: What all evidence on this host may take; the oldest gives way. A recording takes no more than is
#   left of it, and leaves 512 MiB of the disk free. Containers' writable layers stay in dockerd besides. MiB. Default:
#   `8192`.
# * `evidence_memory_mib`: Of it, what processes' memory may take in one recording. MiB. Default: `1024`.
# * `evidence_days`: How long evidence is kept, and the container's writable layer with it. Days. Default: `30.0`.
# * `evidence_s`: How long a frozen container is looked at, at most; then the host goes back to local work. Ten times as
#   long if it is kept. Seconds. Default: `5.0`.
# * `logger`: The site's logger, which gets what HTCondor in the container writes to its logs, as it writes it:
#   `udp:HOST:514`, `tcp:HOST:601`, `tls:HOST:6514` or `unix:/dev/log`. Empty: those logs end with the container.
#   Default: `""`.
# * `logger_ca_file`: File with the authority that signed the logger's certificate (PEM), for `tls:`; empty: those of
#   the system. Default: `""`.
type Shepherd::Settings::Node = Struct[{
  Optional[host] => String[1],
  Optional[pool] => String[1],
  Optional[trusted_keys] => Array[String[1]],
  Optional[images] => Array[String[1]],
  Optional[flock_name] => String[1],
  Optional[flock_address] => String[1],
  Optional[flock_mac] => String[1],
  Optional[flock_collector] => String[1],
  Optional[network] => String,
  Optional[parent] => String,
  Optional[link] => String,
  Optional[vlan] => Integer,
  Optional[guard] => Boolean,
  Optional[subnet] => String,
  Optional[gateway] => String,
  Optional[collector] => String,
  Optional[condor_config] => String,
  Optional[condor_service] => String,
  Optional[token] => String,
  Optional[flock_pool] => String,
  Optional[leak_targets] => Array[String[1]],
  Optional[leak_check_s] => Numeric,
  Optional[token_s] => Numeric,
  Optional[run_dir] => String,
  Optional[docker] => String,
  Optional[cgroup_parent] => String,
  Optional[poll_local_s] => Numeric,
  Optional[poll_flock_s] => Numeric,
  Optional[arm_poll_s] => Numeric,
  Optional[skew_s] => Numeric,
  Optional[drained_too_long_s] => Numeric,
  Optional[go_wait_s] => Numeric,
  Optional[abandoned_s] => Numeric,
  Optional[report_s] => Numeric,
  Optional[docker_s] => Numeric,
  Optional[registry] => String,
  Optional[registry_login] => String,
  Optional[profile] => Enum['apart', 'accounts', 'talk'],
  Optional[apparmor] => String,
  Optional[dns] => Array[String[1]],
  Optional[memory_mib] => Integer,
  Optional[memory_percent] => Integer,
  Optional[processes] => Integer,
  Optional[cpus] => Numeric,
  Optional[scratch_mib] => Integer,
  Optional[shm_mib] => Integer,
  Optional[environment] => Array[String[1]],
  Optional[spool] => String,
  Optional[spool_mib] => Integer,
  Optional[trace_s] => Numeric,
  Optional[trace_mib] => Integer,
  Optional[evidence] => String,
  Optional[evidence_mib] => Integer,
  Optional[evidence_memory_mib] => Integer,
  Optional[evidence_days] => Numeric,
  Optional[evidence_s] => Numeric,
  Optional[logger] => String,
  Optional[logger_ca_file] => String,
}]
