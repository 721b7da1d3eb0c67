"""What a guest's administrator pastes: HTCondor's configuration of the guest's schedds, and what to expect."""

from shepherd.model.guest import FlockPool, Guest

SNIPPET = """\
# Flocking to {pool.trust_domain}, for the guest {guest.name}.
# On every machine with one of these schedds: {schedds}
#
# 1. Save this file as /etc/condor/config.d/{file}
# 2. Save the token, which comes as a file of its own, as /etc/condor/tokens.d/{token}, and
#      chown root:root /etc/condor/tokens.d/{token} && chmod 600 /etc/condor/tokens.d/{token}
#    Whoever has it is you there. It is good until {until}. If it got into wrong hands, say so at once.
# 3. condor_reconfig
#    In place of an older token it counts after five minutes at most, or when the schedd is restarted.
#    `condor_ping -pool {pool.collector} -type collector READ ADVERTISE_SCHEDD` as root then says ALLOW twice.

FLOCK_TO = $(FLOCK_TO) {pool.collector}

# Nothing of your own pool is opened for this: your schedd signs in there with the token (IDTOKENS), and hosts there
# talk to it over connections that HTCondor itself encrypts. If you restrict SEC_CLIENT_AUTHENTICATION_METHODS, it must
# still name IDTOKENS. Your schedd's port must be open to {pool.collector} and to the address its hosts have.
#
# Your schedds must have these names, and your users must be NAME@{guest.domain} (UID_DOMAIN): others are refused.
#
# What your jobs can expect:
# - Vanilla universe only, with file transfer (should_transfer_files = YES); no shared file system, no containers,
#   no condor_ssh_to_job, no parallel or local tools beside the job.
# - A job runs under an account of its own, in namespaces of its own, in a host lent for a while. It reaches the
#   internet, and nothing of the site that lends.
# - The host may be taken back at any time: SIGTERM, and {notice} later SIGKILL. The job goes back to your queue.
# - {limit}
"""


def snippet(guest: Guest, pool: FlockPool, until: str, graceful_s: float) -> str:
    """The text. `until`: when the token ends, in words."""
    return SNIPPET.format(
        guest=guest,
        pool=pool,
        schedds=" ".join(guest.schedds),
        file=snippet_file(pool),
        token=token_name(pool),
        until=until,
        notice=f"{guest.notice_s or graceful_s:g} s",
        limit=_limit(guest),
    )


def snippet_file(pool: FlockPool) -> str:
    """The file's name at the guest's."""
    return f"60-flock-to-{pool.trust_domain}.conf"


def token_name(pool: FlockPool) -> str:
    """The token's name at the guest's."""
    return f"flock-{pool.trust_domain}"


def _limit(guest: Guest) -> str:
    if not guest.hosts:
        return "There is no limit to how many hosts your jobs may have."
    whose = "1 host's" if guest.hosts == 1 else f"{guest.hosts} hosts'"
    return f"All your jobs together have {whose} worth of cores and memory at most."
