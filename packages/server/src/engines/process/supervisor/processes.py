"""What can be seen of processes from outside."""
import os
import signal
import stat

import linux

STDIN, STDOUT, STDERR = 0, 1, 2
SHELLS = (b'sh', b'bash', b'dash', b'ksh', b'zsh', b'busybox')


def tasks_with_files(pid):
    """The threads that have descriptors of their own, the first among them."""
    try:
        found = os.listdir(f'/proc/{pid}/task')
    except OSError:
        return []
    return [task for task in found if task == str(pid) or not linux.shares_files(pid, int(task))]


def nameless_mappings(pid):
    """Of files that have no name any more: where, of which device and inode, and how far into the file."""
    try:
        with open(f'/proc/{pid}/maps', 'rb') as file:
            lines = [line.split(None, 5) for line in file if line.endswith(b' (deleted)\n')]
    except OSError:
        return
    for where, _, offset, device, inode, name in lines:
        if name.startswith(b'/SYSV'):
            continue  # the kernel's table of segments has it
        start, end = (int(one, 16) for one in where.split(b'-'))
        major, minor = (int(one, 16) for one in device.split(b':'))
        yield f'{start:x}-{end:x}', os.makedev(major, minor), int(inode), int(offset, 16) + end - start


def size_of_mapping(pid, where, end):
    """In bytes. Only root may look behind a mapping; to others it is as large as the part that is mapped."""
    try:
        return os.stat(f'/proc/{pid}/map_files/{where}').st_blocks * 512
    except FileNotFoundError:
        return 0
    except OSError:
        return end


def is_told_later(pid, pids):
    """Whether its end would take away from others of these what they need for theirs."""
    parent, caught = _status(pid)
    if _bit(signal.SIGTERM) & caught:
        return parent in pids and _leads(parent) and _command(parent) == _command(pid)
    return _reads_from(pid, pids)


def _reads_from(pid, pids):
    """
    Whether it reads what another one says, as the last parts of a pipeline do, which end with the first. Whoever
    writes to a child has the other end beside its own output.
    """
    pipe = _pipe(pid, STDIN)
    return pipe is not None and any(pipe in (_pipe(one, STDOUT), _pipe(one, STDERR)) for one in pids if one != pid)


def _pipe(pid, descriptor):
    try:
        found = os.stat(f'/proc/{pid}/fd/{descriptor}')
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISFIFO(found.st_mode) else None


def _leads(pid):
    """
    Whether it hears of TERM and of each child's end, as those do that keep workers: PyTorch's loaders of data, gunicorn.
    Shells hear of both, and lead nobody.
    """
    both = _bit(signal.SIGTERM) | _bit(signal.SIGCHLD)
    return _status(pid)[1] & both == both and os.path.basename(_command(pid)[0]).lstrip(b'-') not in SHELLS


def _command(pid):
    """Its words: a copy that a program has made of itself has the same."""
    try:
        with open(f'/proc/{pid}/cmdline', 'rb') as file:
            return file.read().split(b'\0')
    except OSError:
        return [b'']


def _status(pid):
    """Its parent, and which signals it handles, as bits (proc_pid_status(5))."""
    try:
        with open(f'/proc/{pid}/status', 'rb') as file:
            found = dict(line.split(b':', 1) for line in file)
        return int(found[b'PPid']), int(found[b'SigCgt'], 16)
    except (OSError, KeyError, ValueError):
        return 0, 0


def _bit(number):
    return 1 << (number - 1)
