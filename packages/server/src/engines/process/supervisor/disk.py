"""What an instance has on the disk."""
import errno
import os
import stat

import processes

#: What a file counts for at least: a disk runs out of names, too.
SMALLEST = 4096
DEEPEST = 500
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class TooDeep(Exception):
    """Folders are nested deeper than anybody looks: nobody can tell what they hold."""


def measure(paths):
    """Bytes and names below these paths as they lie on the disk, and of a file with several names once."""
    total, names, seen = 0, 0, set()
    for found in (one for path in paths for one in _walk(path)):
        names += 1
        if found.st_nlink > 1 and not stat.S_ISDIR(found.st_mode):
            if (found.st_dev, found.st_ino) in seen:
                continue
            seen.add((found.st_dev, found.st_ino))
        total += max(found.st_blocks * 512, SMALLEST)
    return total, names


def _walk(top):
    """Everything below a folder. Whoever writes there changes it meanwhile: no path is followed, and no link."""
    above = [_enter(top, None)]
    try:
        while above:
            entry = next(above[-1].entries, None)
            if entry is None:
                above.pop().leave()
                continue
            found = above[-1].look(entry)
            if found is None:
                continue
            yield found
            if stat.S_ISDIR(found.st_mode):
                if len(above) == DEEPEST:
                    raise TooDeep
                above.append(_enter(entry.name, above[-1].folder))
    finally:
        for one in above:
            one.leave()


class _Folder:
    """One that is looked through; `mode` is what it had where it had to be opened first."""

    def __init__(self, folder=None, mode=None):
        self.folder, self.mode = folder, mode
        self.entries = iter(()) if folder is None else os.scandir(folder)

    def look(self, entry):
        """None where it is gone by now."""
        try:
            return entry.stat(follow_symlinks=False)
        except PermissionError:
            return self.open_up() and self.look(entry)
        except OSError:
            return None

    def open_up(self):
        """Names may be seen and nothing else."""
        if self.mode is not None:
            return None
        self.mode = stat.S_IMODE(os.fstat(self.folder).st_mode)
        os.fchmod(self.folder, self.mode | stat.S_IRWXU)
        return True

    def leave(self):
        if self.folder is not None:
            if self.mode is not None:
                os.fchmod(self.folder, self.mode)
            os.close(self.folder)


def _enter(name, above):
    """A folder in another; of one that is gone by now, nothing."""
    try:
        return _Folder(os.open(name, FOLDER, dir_fd=above))
    except PermissionError:
        return _open_up(name, above)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENAMETOOLONG):
            raise TooDeep from error
        return _Folder()


def _open_up(name, above):
    """Its owner, who is this user, has closed it to himself: it is opened until it has been looked through."""
    try:
        place = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
    except OSError:
        return _Folder()
    try:
        mode = stat.S_IMODE(os.fstat(place).st_mode)
        os.chmod(f'/proc/self/fd/{place}', mode | stat.S_IRWXU)
        return _Folder(os.open(f'/proc/self/fd/{place}', os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), mode)
    except OSError:
        return _Folder()
    finally:
        os.close(place)


def removed_files(pids, paths):
    """Bytes of files without a name that processes hold, on the disks that these paths are on."""
    disks, sizes = {disk for disk in map(_disk, paths) if disk}, {}
    for path in (one for pid in pids for one in _open_files(pid)):
        try:
            found = os.stat(path)
        except OSError:
            continue
        if found.st_nlink == 0 and found.st_dev in disks:
            sizes[found.st_dev, found.st_ino] = found.st_blocks * 512
    for pid in pids:
        for where, device, inode, end in processes.nameless_mappings(pid):
            if device in disks and (device, inode) not in sizes:
                sizes[device, inode] = processes.size_of_mapping(pid, where, end)
    return sum(sizes.values())


def _open_files(pid):
    for task in processes.tasks_with_files(pid):
        try:
            yield from (f'/proc/{pid}/task/{task}/fd/{name}' for name in os.listdir(f'/proc/{pid}/task/{task}/fd'))
        except OSError:
            pass


def _disk(path):
    try:
        return os.stat(path).st_dev
    except OSError:
        return None
