"""Control groups, where they can be written, and what can be said of processes without."""
import os

MOST_PROCESSES = 2048
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


def _count(path, name):
    try:
        with open(path) as file:
            return next((int(line.split()[1]) for line in file if line.split()[0] == name), 0)
    except OSError:
        return 0
