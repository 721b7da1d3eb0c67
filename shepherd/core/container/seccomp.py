"""The system calls that a process in a flock container may make; everything else is "not implemented".

An allow-list, so that a call of a later kernel is refused until somebody has thought about it. Beside what programs
need there are the calls that build the walls around a job (`images/flock/job_outside.py`); a second filter takes those
away from the job itself. Not here, among others: keyrings, io_uring, userfaultfd, bpf, perf, modules, clocks, swap,
reboot, quotas, file handles, kexec, and `clone3`, whose flags no filter can see: it is refused by name, because
programs do without it only if it is "not implemented", and dockerd before 23 answers "not permitted" to what is not
named.
"""

import json
from collections.abc import Iterator, Mapping

ENOSYS, EAFNOSUPPORT = 38, 97
S_IFMT, S_IFIFO, S_IFREG, S_IFSOCK = 0o170000, 0o010000, 0o100000, 0o140000
"""HTCondor makes pipes with names; nobody makes devices."""
AF_UNIX, AF_INET, AF_NETLINK = 1, 2, 16
NETLINK_ROUTE = 0
PROTOCOLS = (0, 1, 6, 17)
"""The usual one, ICMP, TCP, UDP. Others load modules, and some make sockets that belong to no account."""
UNHEARD_OF_FAMILIES = {10: "INET6", 17: "PACKET", 38: "ALG", 40: "VSOCK"}
"""Families that programs try and do without: they are told so in the usual words."""
CLONE_NEWNET = 0x40000000
"""A network of one's own would make one its administrator, with all that its interfaces, rules and queues are. No wall
needs it."""
PERSONALITIES = (0x0, 0x8, 0x20000, 0x20008, 0x40000, 0xFFFFFFFF)
"""Linux as ever, 32-bit addresses, an older version's name, no random addresses for debuggers, and the question."""

FILES = """
access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr
fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr getxattrat inotify_add_watch
inotify_init inotify_init1 inotify_rm_watch ioctl lchown lgetxattr link linkat listxattr listxattrat llistxattr
lremovexattr lseek lsetxattr lstat memfd_create mkdir mkdirat newfstatat open openat openat2 pipe pipe2 pread64
preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr removexattrat rename
renameat renameat2 rmdir sendfile setxattr setxattrat splice stat statfs statx symlink symlinkat sync
sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev
"""
MEMORY = """
brk cachestat get_mempolicy madvise map_shadow_stack mbind memfd_secret mincore mlock mlock2 mlockall mmap mprotect
mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_madvise process_mrelease
remap_file_pages set_mempolicy set_mempolicy_home_node
"""
PROCESSES = """
arch_prctl capget capset execve execveat exit exit_group fork futex futex_requeue futex_wait futex_waitv
futex_wake get_robust_list get_thread_area getcpu getpgid getpgrp getpid getppid getpriority getrlimit getrusage
getsid gettid ioprio_get ioprio_set kcmp kill membarrier pidfd_getfd pidfd_open pidfd_send_signal prctl prlimit64
process_vm_readv process_vm_writev ptrace rseq sched_get_priority_max sched_get_priority_min sched_getaffinity
sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam
sched_setscheduler sched_yield seccomp set_robust_list set_thread_area set_tid_address setpgid setpriority setrlimit
setsid tgkill tkill vfork wait4 waitid
"""
ACCOUNTS = """
getegid geteuid getgid getgroups getresgid getresuid getuid setfsgid setfsuid setgid setgroups setregid setresgid
setresuid setreuid setuid
"""
SIGNALS = """
pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
rt_sigtimedwait rt_tgsigqueueinfo sigaltstack signalfd signalfd4
"""
TIME = """
alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time timer_create
timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times
"""
SOCKETS = """
accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg
sendto setsockopt shutdown socketpair
"""
WAITING = """
epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 io_cancel io_destroy
io_getevents io_pgetevents io_setup io_submit poll ppoll pselect6 select
"""
IPC = """
mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget
semop semtimedop shmat shmctl shmdt shmget
"""
SYSTEM = "getrandom landlock_add_rule landlock_create_ruleset landlock_restrict_self sysinfo uname"
WALLS = "chroot mount mount_setattr pivot_root setns sethostname umount2"
"""What bubblewrap builds with, in user namespaces of its own; without one they are refused for lack of capabilities."""


def profile() -> str:
    """The profile as dockerd takes it (moby's format), in one form only."""
    body = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": ENOSYS,
        "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []}],
        "syscalls": list(rules()),
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def allowed_names() -> list[str]:
    """Calls that may be made with whatever arguments."""
    groups = (FILES, MEMORY, PROCESSES, ACCOUNTS, SIGNALS, TIME, SOCKETS, WAITING, IPC, SYSTEM, WALLS)
    return sorted(name for group in groups for name in group.split())


def rules() -> Iterator[Mapping[str, object]]:
    """The list, and the calls that depend on an argument."""
    yield {"names": allowed_names(), "action": "SCMP_ACT_ALLOW"}
    for maker in ("clone", "unshare"):
        yield allow(maker, masked(0, CLONE_NEWNET, 0))
    yield {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS}
    yield allow("socket", equal(0, AF_UNIX))
    for protocol in PROTOCOLS:
        yield allow("socket", equal(0, AF_INET), equal(2, protocol))
    yield allow("socket", equal(0, AF_NETLINK), equal(2, NETLINK_ROUTE))
    for family in UNHEARD_OF_FAMILIES:
        refusal = {"action": "SCMP_ACT_ERRNO", "errnoRet": EAFNOSUPPORT}
        yield {"names": ["socket"], "args": [equal(0, family)], **refusal}
    for kind in (S_IFIFO, S_IFREG, S_IFSOCK):
        yield allow("mknod", masked(1, S_IFMT, kind))
        yield allow("mknodat", masked(2, S_IFMT, kind))
    for personality in PERSONALITIES:
        yield allow("personality", equal(0, personality))


def allow(name: str, *arguments: Mapping[str, object]) -> Mapping[str, object]:
    """One call, if its arguments are these."""
    return {"names": [name], "action": "SCMP_ACT_ALLOW", "args": list(arguments)}


def equal(index: int, value: int) -> Mapping[str, object]:
    """An argument's value."""
    return {"index": index, "value": value, "op": "SCMP_CMP_EQ"}


def masked(index: int, mask: int, value: int) -> Mapping[str, object]:
    """Some bits of an argument."""
    return {"index": index, "value": mask, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}
