"""What an instance has on the disk."""
import errno
import os

#: What a file counts for at least: a disk runs out of names, too.
SMALLEST = 4096


class TooDeep(Exception):
    """Folders are nested deeper than any path can say: nobody can tell what they hold."""


def used_disk(paths):
    """Bytes below these paths as they lie on the disk."""
    total, queue = 0, [*paths]
    while queue:
        try:
            with os.scandir(queue.pop()) as entries:
                for entry in entries:
                    found = entry.stat(follow_symlinks=False)
                    total += max(found.st_blocks * 512, SMALLEST)
                    if entry.is_dir(follow_symlinks=False):
                        queue.append(entry.path)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise TooDeep from error
    return total


def removed_files(pids, paths):
    """Bytes of files without a name that processes hold, on the disks that these paths are on."""
    disks, sizes = {disk for disk in map(_disk, paths) if disk}, {}
    for path in (one for pid in pids for one in _held(pid)):
        try:
            found = os.stat(path)
        except OSError:
            continue
        if found.st_nlink == 0 and found.st_dev in disks:
            sizes[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(sizes.values())


def _held(pid):
    """What a process has open, and what it has mapped that has no name: that can be followed by root alone."""
    try:
        for name in os.listdir(f'/proc/{pid}/fd'):
            yield f'/proc/{pid}/fd/{name}'
        with open(f'/proc/{pid}/maps', 'rb') as file:
            for line in file:
                if line.endswith(b' (deleted)\n'):
                    start, end = line.split()[0].split(b'-')
                    yield f'/proc/{pid}/map_files/{int(start, 16):x}-{int(end, 16):x}'
    except OSError:
        pass


def _disk(path):
    try:
        return os.stat(path).st_dev
    except OSError:
        return None
