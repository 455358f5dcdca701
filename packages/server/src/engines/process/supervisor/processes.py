"""What can be seen of processes from outside."""
import os
import signal
import stat

import linux

STDIN, STDOUT, STDERR = 0, 1, 2


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


def waits_for_words(pid, pids):
    """
    Whether it reads what another one of these says, and has no answer to TERM but to end: as the last parts of a pipeline
    do, which end with the first. Whoever writes to a child has the other end beside its own output.
    """
    pipe = _pipe(pid, STDIN)
    if pipe is None or not any(pipe in (_pipe(one, STDOUT), _pipe(one, STDERR)) for one in pids if one != pid):
        return False
    return not _catches(pid, signal.SIGTERM)


def _pipe(pid, descriptor):
    try:
        found = os.stat(f'/proc/{pid}/fd/{descriptor}')
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISFIFO(found.st_mode) else None


def _catches(pid, number):
    """As far as it can be seen (proc_pid_status(5))."""
    try:
        with open(f'/proc/{pid}/status', 'rb') as file:
            caught = next(line for line in file if line.startswith(b'SigCgt:'))
    except (OSError, StopIteration):
        return True
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)
