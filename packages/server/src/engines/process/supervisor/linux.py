"""The few system calls that Python's standard library has no name for."""
import ctypes
import os
import signal

_libc = ctypes.CDLL(None, use_errno=True)

NEWNS, NEWUSER, NEWPID, NEWNET = 0x00020000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
_PDEATHSIG = 1


def _check(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def unshare(flags):
    _check(_libc.unshare(flags))


def setns(path, kind=0):
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.setns(descriptor, kind))
    finally:
        os.close(descriptor)


def mount(source, target, kind=None, flags=0, data=None):
    encode = lambda text: None if text is None else os.fsencode(text)
    _check(_libc.mount(encode(source), encode(target), encode(kind), flags, encode(data)))


def die_with_parent():
    """The kernel kills this process when the thread that made it ends: make it from the main thread."""
    _check(_libc.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


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


def descendants(pid):
    """Every process below `pid`, itself left out."""
    found, queue = [], [pid]
    while queue:
        parent = queue.pop()
        try:
            for task in os.listdir(f'/proc/{parent}/task'):
                with open(f'/proc/{parent}/task/{task}/children') as file:
                    children = [int(child) for child in file.read().split()]
                found += children
                queue += children
        except OSError:
            pass
    return found
