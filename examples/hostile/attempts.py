"""
Tries what a tenant must not be able to do, and says of each attempt "refused" or "HOLE".

A platform that keeps its tenants apart prints no HOLE. Run it as a Runner; it changes nothing that it
can reach.
"""
import ctypes
import fcntl
import glob
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

libc = ctypes.CDLL(None, use_errno=True)
#: TIOCGPTN of Linux: which terminal a descriptor of ptmx is.
TERMINAL_NUMBER = 0x80045430


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
    with ThreadPoolExecutor(max_workers=32) as together:
        for target in targets():
            host, _, port = target.rpartition(":")
            together.submit(attempt, target, lambda host=host, port=port: connects(host, int(port)))
    print("all attempts made", flush=True)


main()
