"""Control groups, where they can be written, and what can be said of processes without."""
import os

MOST_PROCESSES = 2048
TICKS = os.sysconf('SC_CLK_TCK')


#: What an instance with one CPU weighs beside others (version 2), and the platform beside all of them together.
WEIGHT, PLATFORM_WEIGHT, LARGEST = 100, 1000, 10_000
ROOT = '/sys/fs/cgroup'
OPTIONAL = ('cpu', 'io')


def find_cgroups(root=ROOT, own=None):
    """Where groups of ours can be made, by controller; empty where there is none."""
    if os.path.exists(f'{root}/cgroup.controllers'):
        return _unified(root, own or _platforms_group(root, _own_group()))
    found = {}
    for controller in ('memory', 'pids', 'cpu', 'cpuacct', 'blkio'):
        path = os.path.realpath(f'{root}/{controller}')  # some are one, under two names
        if os.path.ismount(path) and os.access(path, os.W_OK):
            found[controller] = path
    if not _weighs_io(found.get('blkio')):
        found.pop('blkio', None)
    return found if 'memory' in found else {}


def _own_group():
    with open('/proc/self/cgroup') as file:
        return file.read().strip().rpartition('::')[2]


def _platforms_group(top, own):
    """What was delegated to the platform: who is started by it is in the group that it made for itself."""
    above = own.removesuffix('/platform') or '/'
    return above if os.access(f'{top}{above}/cgroup.subtree_control', os.W_OK) else own


def _weighs_io(root):
    """The weight is there only where a scheduler of the disk keeps it, and not at the root."""
    if root is None:
        return False
    try:
        os.makedirs(f'{root}/clever-grid', exist_ok=True)
    except OSError:
        return False
    return os.path.exists(f'{root}/clever-grid/blkio.bfq.weight') or os.path.exists(f'{root}/clever-grid/blkio.weight')


def _unified(top, own):
    """
    Version 2: below our own group, as systemd delegates it, if the controllers are there. The platform is in a group
    of its own then, which weighs more than all instances together; at the root it stays where it is, and weighs as
    much with each of its threads.
    """
    root = f'{top}{own}'.rstrip('/')
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
        _offer(root, offered)
        if own != '/':
            _weigh(leaf, PLATFORM_WEIGHT)
        return {'unified': root}
    except OSError:
        return {}


def _offer(path, offered):
    """What is needed below, and what there is of the rest: a kernel may keep one of these to itself."""
    _write(f'{path}/cgroup.subtree_control', '+memory +pids')
    for controller in OPTIONAL:
        if controller in offered:
            _try(f'{path}/cgroup.subtree_control', f'+{controller}')


def _weigh(path, weight):
    _try(f'{path}/cpu.weight', min(LARGEST, int(weight)))
    _try(f'{path}/io.weight', f'default {min(LARGEST, int(weight))}')


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
            _offer(parent, _read(f'{parent}/cgroup.controllers').split())
        for path in self.paths.values():
            os.makedirs(path, exist_ok=True)
        self._limit(memory_mib * 1024 * 1024)
        self._weigh(cpus)

    def _limit(self, memory):
        if self.unified:
            _write(f'{self.unified}/memory.max', memory)
            _try(f'{self.unified}/memory.swap.max', 0)
            _write(f'{self.unified}/pids.max', MOST_PROCESSES)
            return
        _write(f"{self.paths['memory']}/memory.limit_in_bytes", memory)
        _try(f"{self.paths['memory']}/memory.memsw.limit_in_bytes", memory)
        if 'pids' in self.paths:
            _write(f"{self.paths['pids']}/pids.max", MOST_PROCESSES)

    def _weigh(self, cpus):
        """So that each has its part of the processors, and of the disk, when all want more than there is."""
        if self.unified:
            _weigh(self.unified, WEIGHT * cpus)
        if 'cpu' in self.paths:
            _try(f"{self.paths['cpu']}/cpu.shares", int(1024 * cpus))
        if 'blkio' in self.paths:
            for name in ('blkio.bfq.weight', 'blkio.weight'):
                _try(f"{self.paths['blkio']}/{name}", min(1000, int(WEIGHT * cpus)))

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


def _read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ''


def _count(path, name):
    try:
        with open(path) as file:
            return next((int(line.split()[1]) for line in file if line.split()[0] == name), 0)
    except OSError:
        return 0
