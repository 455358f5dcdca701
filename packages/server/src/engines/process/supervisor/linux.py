"""The few system calls that Python's standard library has no name for."""
import ctypes
import errno
import fcntl
import functools
import os
import signal

_libc = ctypes.CDLL(None, use_errno=True)

NEWNS, NEWUSER, NEWPID, NEWNET = 0x00020000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
_PDEATHSIG, _DUMPABLE, _NAME, _SECCOMP, _DROP_BOUND, _SUBREAPER, _NO_NEW_PRIVILEGES = 1, 4, 15, 22, 24, 36, 38
_FILTER, _JOIN_SESSION_KEYRING = 2, 1
_KEYCTL = {'x86_64': 250, 'aarch64': 219}
_OWNER_OF_NAMESPACE = 0xB701


def _check(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def unshare(flags):
    _check(_libc.unshare(flags))


def setns(path, kind=0):
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        join(descriptor, kind)
    finally:
        os.close(descriptor)


def join(descriptor, kind=0):
    _check(_libc.setns(descriptor, kind))


def owner_of(namespace):
    """The user namespace whose rights count in this one; the caller's own, or one below it."""
    return fcntl.ioctl(namespace, _OWNER_OF_NAMESPACE)


def mount(source, target, kind=None, flags=0, data=None):
    encode = lambda text: None if text is None else os.fsencode(text)
    _check(_libc.mount(encode(source), encode(target), encode(kind), flags, encode(data)))


def die_with_parent():
    """The kernel kills this process when the thread that made it ends: make it from the main thread."""
    _prctl(_PDEATHSIG, signal.SIGKILL)


def _prctl(option, value):
    _check(_libc.prctl(option, value, 0, 0, 0))


def adopt_orphans():
    """What processes below leave behind when they end becomes a child of this one."""
    _prctl(_SUBREAPER, 1)


def hide():
    """Nobody of the same user may look into this process or trace it, until it executes another program."""
    _prctl(_DUMPABLE, 0)


def call_myself(name):
    """In place of the arguments too, which everybody sees of a process that nobody may look into."""
    _prctl(_NAME, name)
    with open('/proc/self/stat', 'rb') as file:
        start, end = file.read().rsplit(b')', 1)[1].split()[45:47]
    length = int(end) - int(start)
    ctypes.memmove(int(start), name.ljust(length, b'\0'), length)


def give_up_capabilities():
    """All of them, and those that executing a program could give."""
    capability = 0
    while _libc.prctl(_DROP_BOUND, capability, 0, 0, 0) == 0:
        capability += 1
    gain_nothing()
    version_3_of_myself = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _check(_libc.capset(version_3_of_myself, (ctypes.c_uint32 * 6)()))


def gain_nothing():
    """No program that is executed from here on gives rights that its caller has not."""
    _prctl(_NO_NEW_PRIVILEGES, 1)


def filter_calls(program):
    """From here on the kernel asks this program about each system call (see system_calls.py)."""
    buffer = ctypes.create_string_buffer(program)
    described = (ctypes.c_uint64 * 2)(len(program) // 8, ctypes.addressof(buffer))
    _check(_libc.prctl(_SECCOMP, _FILTER, described, 0, 0))


def leave_keyring():
    """
    A session keyring of its own, in place of one that others have, too. Where there is none to be had (a kernel
    without keys, a user with too many, a container) the filter of system calls still stands before what there is.
    """
    number = _KEYCTL.get(os.uname().machine)
    if number is None or _libc.syscall(number, _JOIN_SESSION_KEYRING, None) >= 0:
        return
    if (code := ctypes.get_errno()) not in (errno.ENOSYS, errno.EDQUOT, errno.EPERM):
        raise OSError(code, os.strerror(code))


_KCMP = {'x86_64': 312, 'aarch64': 272}.get(os.uname().machine)
_FILES = 2


def shares_files(pid, task):
    """Whether a thread has the descriptors of its process's first; false where nobody can tell."""
    return _KCMP is not None and _libc.syscall(_KCMP, pid, task, _FILES, 0, 0) == 0


class _SystemInformation(ctypes.Structure):
    _fields_ = [
        ('uptime', ctypes.c_long), ('loads', ctypes.c_ulong * 3), ('total', ctypes.c_ulong), ('free', ctypes.c_ulong),
        ('shared', ctypes.c_ulong), ('buffers', ctypes.c_ulong), ('swap', ctypes.c_ulong * 2),
        ('processes', ctypes.c_ushort), ('high', ctypes.c_ulong * 2), ('unit', ctypes.c_uint), ('rest', ctypes.c_char * 64),
    ]


def shared_memory():
    """Bytes of files that lie in this machine's memory, all together (sysinfo(2))."""
    found = _SystemInformation()
    _check(_libc.sysinfo(ctypes.byref(found)))
    return found.shared * found.unit


def close_all_but(kept):
    """Whoever started this may have left descriptors open that are nobody's business here."""
    for name in os.listdir('/proc/self/fd'):
        if int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                pass


def lead_streams_nowhere():
    null = os.open('/dev/null', os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)


@functools.cache
def boot_id():
    with open('/proc/sys/kernel/random/boot_id') as file:
        return file.read().strip()


def start_time(pid):
    """In clock ticks since boot; with the boot's id and the pid it names a process for ever."""
    with open(f'/proc/{pid}/stat', 'rb') as file:
        return int(file.read().rsplit(b')', 1)[1].split()[19])


def is_alive(pid, started):
    try:
        return start_time(pid) == started
    except (OSError, IndexError, ValueError):
        return False


def is_over(pid):
    """Whether nothing is left of a process but how it ended, if that."""
    try:
        with open(f'/proc/{pid}/stat', 'rb') as file:
            return file.read().rsplit(b')', 1)[1].split()[0] in (b'Z', b'X')
    except OSError:
        return True


def children(pid):
    """The processes that `pid` has started or adopted; none of one that is gone."""
    found = []
    try:
        for task in os.listdir(f'/proc/{pid}/task'):
            with open(f'/proc/{pid}/task/{task}/children') as file:
                found += [int(child) for child in file.read().split()]
    except OSError:
        pass
    return found


def descendants(pid):
    """Every process below `pid`, itself left out."""
    found, queue = [], [pid]
    while queue:
        below = children(queue.pop())
        found += below
        queue += below
    return found


def parent(pid):
    with open(f'/proc/{pid}/stat', 'rb') as file:
        return int(file.read().rsplit(b')', 1)[1].split()[1])


def is_below(pid, top):
    """Whether `top` started or adopted this process, or one that it comes from."""
    try:
        while pid > 1:
            pid = parent(pid)
            if pid == top:
                return True
    except (OSError, IndexError, ValueError):
        pass
    return False


def hold(pid, top):
    """
    A descriptor of a process below `top`, which stays that process's whatever comes of the number; None where it is
    no such process. A kernel before 5.3 has no such descriptors: there it is asked only.
    """
    try:
        held = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        held = -1
    if is_below(pid, top):  # and as it was opened before, it is this one or is over
        return held
    if held >= 0:
        os.close(held)
    return None


def signal_below(pid, top, number):
    """Signals a process, if it is below `top`; never another that has its number by now."""
    held = hold(pid, top)
    if held is None:
        return
    try:
        os.kill(pid, number) if held < 0 else signal.pidfd_send_signal(held, number)
    except OSError:
        pass
    finally:
        if held >= 0:
            os.close(held)
