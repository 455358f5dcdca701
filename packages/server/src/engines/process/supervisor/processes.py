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


class Relations:
    """Of some processes, as they are now, which of them needs which other."""

    def __init__(self, pids):
        seen = {pid: _status(pid) for pid in pids}
        self.parents = {pid: parent for pid, (parent, _) in seen.items()}
        self.hearing = {pid for pid, (_, caught) in seen.items() if caught & _bit(signal.SIGTERM)}
        self.leading = {pid for pid in self.hearing if not _is_shell(pid)}
        self.writing = {}
        for pid in pids:
            for pipe in {_pipe(pid, STDOUT), _pipe(pid, STDERR)} - {None}:
                self.writing.setdefault(pipe, []).append(pid)

    def waits_for(self, pid):
        """
        Another process, where the end of this one would take away from it what it needs for its own; else None. Whoever
        hears of TERM may need those below it, and tell them itself; shells hear of it, and lead nobody. What reads what
        another one says, as the last parts of a pipeline do, ends with that; whoever writes to a child has the other end
        beside its own output.
        """
        above = self.parents.get(pid)
        while above in self.parents:
            if above in self.leading:
                return above
            above = self.parents[above]
        if pid in self.hearing:
            return None
        return next((one for one in self.writing.get(_pipe(pid, STDIN), ()) if one != pid), None)


def _pipe(pid, descriptor):
    try:
        found = os.stat(f'/proc/{pid}/fd/{descriptor}')
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISFIFO(found.st_mode) else None


def _is_shell(pid):
    try:
        with open(f'/proc/{pid}/cmdline', 'rb') as file:
            return os.path.basename(file.read().split(b'\0')[0]).lstrip(b'-') in SHELLS
    except OSError:
        return False


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
