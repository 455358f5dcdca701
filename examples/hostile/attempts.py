"""
Tries what a tenant must not be able to do, and says of each attempt "refused" or "HOLE".

A platform that keeps its tenants apart prints no HOLE. Run it as a Runner; it changes nothing that it
can reach.
"""
import ctypes
import errno
import fcntl
import glob
import os
import platform
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

libc = ctypes.CDLL(None, use_errno=True)
#: TIOCGPTN of Linux: which terminal a descriptor of ptmx is.
TERMINAL_NUMBER = 0x80045430
#: A container holds itself to its engine's own list, which leaves open some of what a sandbox closes.
CONTAINER = os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv")

#: System calls by which kernels were broken before, or tenants meet: number on x86_64, on aarch64, arguments.
CALLS = {
    "the kernel's keys": ("keyctl", 250, 219, 0, -3, 0),
    "a key for others": ("add_key", 248, 217, b"user", b"grid-hostile", b"x", 1, -3),
    "a key of others": ("request_key", 249, 218, b"user", b"grid-hostile", None, -3),
    "a user namespace": ("unshare", 272, 97, 0x10000000),
    "a network namespace": ("unshare", 272, 97, 0x40000000),
    "a time namespace": ("unshare", 272, 97, 0x80),
    "the namespaces of the first process": ("setns", 308, 268, -1, 0),
    "a new root": ("chroot", 161, 51, b"/tmp"),
    "another root": ("pivot_root", 155, 41, b"/tmp", b"/tmp"),
    "file systems by descriptor": ("fsopen", 430, 430, b"tmpfs", 0),
    "a mount by descriptor": ("open_tree", 428, 428, -100, b"/", 1),
    "faults of memory": ("userfaultfd", 323, 282, 1),
    "programs in the kernel": ("bpf", 321, 280, 0, None, 0),
    "events of the processor": ("perf_event_open", 298, 241, None, 0, -1, -1, 0),
    "watching all files": ("fanotify_init", 300, 262, 0, 0),
    "files by handle": ("open_by_handle_at", 304, 265, -100, None, 0),
    "comparing processes": ("kcmp", 312, 272, 1, 1, 0, 0, 0),
    "moving pages": ("move_pages", 279, 239, 0, 0, None, None, None, 0),
    "quotas": ("quotactl", 179, 60, 0, None, 0, None),
    "the kernel's log": ("syslog", 103, 116, 10, None, 0),
    "another kernel": ("kexec_load", 246, 104, 0, 0, None, 0),
    "a kernel module": ("init_module", 175, 105, None, 0, b""),
    "the machine's clock": ("clock_settime", 227, 112, 0, None),
    "process accounting": ("acct", 163, 89, None),
    "swap": ("swapon", 167, 224, b"/tmp/none", 0),
    "a reboot": ("reboot", 169, 142, 0, 0, 0, None),
}
#: Those that engines of containers have closed at last.
LATER = {"the kernel's rings": ("io_uring_setup", 425, 425, 1, None)}
#: Families of sockets that reach past the network that one is in, or into the kernel's less known parts.
FAMILIES = {"AX25": 3, "PACKET": 17, "RDS": 21, "CAN": 29, "TIPC": 30, "BLUETOOTH": 31, "ALG": 38, "VSOCK": 40,
            "KCM": 41, "SMC": 43, "XDP": 44}
#: What the kernel tells of the machine and of everybody on it.
TELLS = ("keys", "key-users", "kallsyms", "interrupts", "config.gz", "cmdline", "diskstats", "partitions", "softirqs",
         "iomem")
TELLS_ALSO_CONTAINERS = ("keys", "kcore", "timer_list", "latency_stats", "sched_debug")


def attempt(name, succeeds):
    try:
        found = succeeds()
    except Exception as error:  # noqa: BLE001
        found = None
        why = f"{type(error).__name__}"
    else:
        why = "nothing there"
    said = f"HOLE {name}: {found}" if found else f"refused {name} ({why})"
    print(f"{said}\n", end="", flush=True)  # in one piece, however many say something


def readable(path):
    with open(path, "rb") as file:
        return f"read {len(file.read(64))} bytes"


def writable(path):
    with open(path, "r+b"):
        return "opened for writing"


def connects(host, port, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as one:
        one.settimeout(1)
        one.connect((host, port))
        return "connected"


def foreign_processes():
    mine = os.getpid()
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        pid = int(path.split("/")[2])
        with open(path, "rb") as file:
            words = file.read().replace(b"\0", b" ")
        if pid != mine and (b"grid" in words and b"bwrap" not in words or b"launcher" in words or b"node" in words):
            found.append(words[:80])
    return found or None


def foreign_secrets():
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                text = file.read()
        except OSError:
            continue
        for marker in (b"GRID_SECRET", b"AWS_", b"NEIGHBOUR_SECRET", b"PIP_"):
            if marker in text and marker.decode() not in "".join(os.environ):
                return f"{marker!r} in {path}"
    return None


def makes(name, x86_64, aarch64, *arguments):
    """A refusal is one of the filter's, not a complaint about the arguments."""
    number = x86_64 if platform.machine() == "x86_64" else aarch64
    result = libc.syscall(ctypes.c_long(number), *(
        ctypes.c_long(one) if isinstance(one, int) else ctypes.c_char_p(one) for one in arguments))
    failed = errno.errorcode.get(ctypes.get_errno()) if result == -1 else None
    return None if failed in ("EPERM", "ENOSYS") else f"{name} answered {failed or result}"


def opens(family):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_RAW):
        try:
            with socket.socket(family, kind):
                return f"a socket of family {family}"
        except OSError:
            continue
    return None


def cloned():
    """Namespaces by clone(2), and by clone3(2), whose flags no filter can read."""
    for name, x86_64, aarch64, flags in (("clone", 56, 220, 0x10000011), ("clone3", 435, 435, 0)):
        if found := makes(name, x86_64, aarch64, flags, 0, 0, 0, 0):
            return found
    return None


def told(names):
    return [name for name in names if os.path.exists(f"/proc/{name}") and open(f"/proc/{name}", "rb").read(16)]


def free_of_filter():
    with open("/proc/self/status") as file:
        lines = dict(line.rstrip().split(":", 1) for line in file)
    held = {name: lines.get(name, "").strip() for name in ("NoNewPrivs", "Seccomp")}
    return None if held == {"NoNewPrivs": "1", "Seccomp": "2"} else held


def marks_of_the_loader():
    """Where the tenant's tree lies before there is a sandbox: who was told to write there did so outside."""
    folder = os.path.dirname(os.path.abspath(__file__))
    return glob.glob(f"{folder}/loader.*") or None


def grows_without_bound():
    """Every place in memory that can be written to has a size, and nobody may write beside them."""
    for folder in ("/", "/mnt", "/home", "/var", "/dev", "/opt"):
        if os.access(folder, os.W_OK):
            return folder
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = int(os.environ.get("CG_MEMORY_MIB", "0")) << 20 or machine // 2 - 1
    for folder in ("/run", "/dev/shm"):
        found = os.statvfs(folder)
        if found.f_blocks * found.f_frsize > limit:
            return f"{folder} holds {found.f_blocks * found.f_frsize >> 20} MiB"
    return None


def mounts():
    result = libc.mount(b"none", b"/mnt", b"tmpfs", 0, None)
    return "mounted a file system" if result == 0 else None


def capabilities(process):
    with open(f"/proc/{process}/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return {name: lines[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}


def rights():
    """Whoever may trace the first process has its rights: neither may have any."""
    for process in ("self", "1"):
        held = {name: value for name, value in capabilities(process).items() if int(value, 16)}
        if held:
            return f"process {process} has {held}"
    return None


def kills():
    for pid in range(2, 400):
        if pid == os.getpid() or os.path.exists(f"/proc/{pid}"):
            continue
        try:
            os.kill(pid, 0)
            return f"reached process {pid}"
        except OSError:
            continue
    return None


def sees_host_files():
    mine = ["/home/bas", sys.base_prefix, *os.environ["PATH"].split(":")]
    for path in ("/root", "/home", "/var/lib", "/srv", "/opt", "/tmp"):
        found = [os.path.join(path, name) for name in (os.listdir(path) if os.path.isdir(path) else [])]
        names = [one for one in found if one != "/opt/env" and not any(f"{own}/".startswith(f"{one}/") for own in mine)]
        if names:
            return f"{path}: {names[:3]}"
    return None


def platform_files():
    for root in ("/", "/var/lib/clever-grid", "/tmp", "/run"):
        for name in ("grid.db", "control.sock", "operator.sock", "keys/encryption.json", "engine/launcher.sock"):
            if os.path.exists(os.path.join(root, name)):
                return os.path.join(root, name)
    return None


def spoils_dependencies():
    with open("/opt/env/spoiled", "w") as file:
        return file.name


def inherited_descriptors():
    """Whoever started this must have left nothing open but its streams."""
    return [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
            if int(fd) > 2 and os.path.exists(f"/proc/self/fd/{fd}")]


def sockets_of_the_platform():
    with open("/proc/net/unix") as file:
        text = file.read()
    return [name for name in ("launcher.sock", "control.sock", "operator.sock") if name in text]


def terminals_of_others():
    """What ptmx opens must be a terminal of this instance, and every terminal here its user's."""
    terminal = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
    number = int.from_bytes(fcntl.ioctl(terminal, TERMINAL_NUMBER, bytes(4)), sys.byteorder)
    own = os.path.exists(f"/dev/pts/{number}")
    others = [path for path in glob.glob("/dev/pts/[0-9]*") if os.stat(path).st_uid != os.getuid()]
    os.close(terminal)
    return others if own else f"terminal {number} is of another system"


def default_gateway():
    with open("/proc/net/route") as file:
        for line in file.readlines()[1:]:
            words = line.split()
            if words[1] == "00000000":
                return socket.inet_ntoa(bytes.fromhex(words[2])[::-1])
    return None


def targets():
    """The metadata service, the gateway, private addresses, and what the platform's operator named."""
    gateway = default_gateway()
    return [
        "169.254.169.254:80",
        *(f"{gateway}:{port}" for port in (22, 53, 80, 2222, 5432, 8080) if gateway),
        *(f"{host}:80" for host in ("10.0.0.1", "172.17.0.1", "192.168.0.1", "100.64.0.1")),
        *filter(None, os.environ.get("FORBIDDEN", "").split(",")),
    ]


def main():
    signal.alarm(100)
    attempt("the host's passwords", lambda: readable("/etc/shadow"))
    attempt("the host's SSH keys", lambda: glob.glob("/root/.ssh/*") + glob.glob("/etc/ssh/ssh_host*"))
    attempt("the platform's files", platform_files)
    attempt("files of the host and of other tenants", sees_host_files)
    attempt("other processes", foreign_processes)
    attempt("other processes' variables", foreign_secrets)
    attempt("a signal to other processes", kills)
    attempt("the kernel's core pattern", lambda: writable("/proc/sys/kernel/core_pattern"))
    attempt("the kernel's module loader", lambda: writable("/proc/sys/kernel/modprobe"))
    attempt("SysRq", lambda: writable("/proc/sysrq-trigger"))
    attempt("a control group's release agent", lambda: glob.glob("/sys/fs/cgroup/*/release_agent"))
    attempt("a mount", mounts)
    attempt("rights to take over", rights)
    attempt("descriptors left open", inherited_descriptors)
    attempt("the platform's sockets", sockets_of_the_platform)
    attempt("terminals of others", terminals_of_others)
    attempt("the host's disks", lambda: readable("/dev/vda") if os.path.exists("/dev/vda") else None)
    attempt("kernel memory", lambda: readable("/dev/mem"))
    attempt("user id 0", lambda: os.setuid(0) or "became root")
    attempt("a write to /usr", lambda: open("/usr/spoiled", "w").name)
    attempt("a write to shared dependencies", spoils_dependencies)
    attempt("a process without a filter", free_of_filter)
    attempt("the loader of programs outside", marks_of_the_loader)
    for name, call in {**CALLS, **({} if CONTAINER else LATER)}.items():
        attempt(name, lambda call=call: makes(*call))
    attempt("namespaces of a child", cloned)
    attempt("what the kernel tells of the machine", lambda: told(TELLS_ALSO_CONTAINERS if CONTAINER else TELLS))
    if not CONTAINER:
        attempt("memory without a bound", grows_without_bound)
        for name, family in FAMILIES.items():
            attempt(f"sockets of {name}", lambda family=family: opens(family))
    with ThreadPoolExecutor(max_workers=32) as together:
        for target in targets():
            host, _, port = target.rpartition(":")
            together.submit(attempt, target, lambda host=host, port=port: connects(host, int(port)))
    print("all attempts made", flush=True)


main()
