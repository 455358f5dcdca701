"""Memory and process limits: by control groups where they can be written, else by looking."""
import errno
import os

MOST_PROCESSES = 2048
#: What a file counts for at least: a disk runs out of names, too.
SMALLEST = 4096
TICKS = os.sysconf('SC_CLK_TCK')


def find_cgroups():
    """Where groups of ours can be made, by controller; empty where there is none."""
    if os.path.exists('/sys/fs/cgroup/cgroup.controllers'):
        return _unified()
    found = {}
    for controller in ('memory', 'pids', 'cpu', 'cpuacct'):
        root = os.path.realpath(f'/sys/fs/cgroup/{controller}')  # some are one, under two names
        if os.path.ismount(root) and os.access(root, os.W_OK):
            found[controller] = root
    return found if 'memory' in found else {}


def _unified():
    """Version 2: below our own group, as systemd delegates it, if the controllers are there."""
    with open('/proc/self/cgroup') as file:
        own = file.read().strip().rpartition('::')[2]
    root = f'/sys/fs/cgroup{own}'
    try:
        with open(f'{root}/cgroup.controllers') as file:
            offered = file.read().split()
        if 'memory' not in offered or 'pids' not in offered:
            return {}
        if own != '/':
            leaf = f'{root}/platform'
            os.makedirs(leaf, exist_ok=True)
            with open(f'{root}/cgroup.procs') as file:
                for pid in file.read().split():
                    _write(f'{leaf}/cgroup.procs', pid)
        _write(f'{root}/cgroup.subtree_control', '+memory +pids')
        return {'unified': root}
    except OSError:
        return {}


def group_paths(roots, name):
    """Where the control group of that name is, or will be, by controller."""
    return {kind: os.path.join(root, 'clever-grid', name) for kind, root in roots.items()}


class Group:
    """One instance's control group, in whatever version there is."""

    def __init__(self, paths, memory_mib, cpus):
        self.paths = paths
        self.unified = self.paths.get('unified')
        if self.unified:
            parent = os.path.dirname(self.unified)
            os.makedirs(parent, exist_ok=True)
            _write(f'{parent}/cgroup.subtree_control', '+memory +pids')
        for path in self.paths.values():
            os.makedirs(path, exist_ok=True)
        self._limit(memory_mib * 1024 * 1024, cpus)

    def _limit(self, memory, cpus):
        if self.unified:
            _write(f'{self.unified}/memory.max', memory)
            _try(f'{self.unified}/memory.swap.max', 0)
            _write(f'{self.unified}/pids.max', MOST_PROCESSES)
            return
        _write(f"{self.paths['memory']}/memory.limit_in_bytes", memory)
        _try(f"{self.paths['memory']}/memory.memsw.limit_in_bytes", memory)
        if 'pids' in self.paths:
            _write(f"{self.paths['pids']}/pids.max", MOST_PROCESSES)
        if 'cpu' in self.paths:
            _try(f"{self.paths['cpu']}/cpu.shares", 1024 * cpus)

    def join(self):
        """Of version 1 a thread that moves itself need not wait for every other to be in a quiet place."""
        for kind, path in self.paths.items():
            _write(f'{path}/cgroup.procs' if kind == 'unified' else f'{path}/tasks', 0)

    def memory_kills(self):
        if self.unified:
            return _count(f'{self.unified}/memory.events', 'oom_kill')
        return _count(f"{self.paths['memory']}/memory.oom_control", 'oom_kill')

    def refused_forks(self):
        path = self.unified or self.paths.get('pids')
        return _count(f'{path}/pids.events', 'max') if path else 0

    def remove(self):
        for path in self.paths.values():
            try:
                os.rmdir(path)
            except OSError:
                pass


def used_memory(pids):
    """Bytes that these processes hold, shared pages counted in parts."""
    total = 0
    for one in pids:
        try:
            with open(f'/proc/{one}/smaps_rollup') as file:
                for line in file:
                    if line.startswith('Pss:'):
                        total += int(line.split()[1]) * 1024
                        break
        except (OSError, ValueError):
            pass
    return total


def used_time(pids):
    """Milliseconds that these processes computed, and those that they or this one waited for."""
    own = os.times()
    seconds = own.children_user + own.children_system
    for one in pids:
        try:
            with open(f'/proc/{one}/stat', 'rb') as file:
                ticks = file.read().rsplit(b')', 1)[1].split()[11:15]
            seconds += sum(map(int, ticks)) / TICKS
        except (OSError, ValueError):
            pass
    return round(seconds * 1000)


def processes_of_user(user):
    """With their threads, as RLIMIT_NPROC counts them (getrlimit(2))."""
    total = 0
    for name in os.listdir('/proc'):
        try:
            if name.isdigit() and os.stat(f'/proc/{name}').st_uid == user:
                total += len(os.listdir(f'/proc/{name}/task'))
        except OSError:
            pass
    return total


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


def _write(path, value):
    file = os.open(path, os.O_WRONLY)
    try:
        os.write(file, str(value).encode())
    finally:
        os.close(file)


def _try(path, value):
    try:
        _write(path, value)
    except OSError:
        pass


def _count(path, name):
    try:
        with open(path) as file:
            return next((int(line.split()[1]) for line in file if line.split()[0] == name), 0)
    except OSError:
        return 0
