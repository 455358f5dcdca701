"""Memory and process limits: by control groups where they can be written, else by looking."""
import os

from linux import descendants

MOST_PROCESSES = 2048


def find_cgroups():
    """Where groups of ours can be made, by controller; empty where there is none."""
    if os.path.exists('/sys/fs/cgroup/cgroup.controllers'):
        return _unified()
    found = {}
    for controller in ('memory', 'pids', 'cpu'):
        root = f'/sys/fs/cgroup/{controller}'
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


class Group:
    """One instance's control group, in whatever version there is."""

    def __init__(self, roots, name, memory_mib, cpus):
        self.paths = {kind: os.path.join(root, 'clever-grid', name) for kind, root in roots.items()}
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
        for path in self.paths.values():
            _write(f'{path}/cgroup.procs', os.getpid())

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


def used_memory(pid):
    """Bytes that the processes below `pid` hold, shared pages counted in parts."""
    total = 0
    for one in descendants(pid):
        try:
            with open(f'/proc/{one}/smaps_rollup') as file:
                for line in file:
                    if line.startswith('Pss:'):
                        total += int(line.split()[1]) * 1024
                        break
        except (OSError, ValueError):
            pass
    return total


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


def used_disk(path):
    """Bytes below `path` as they lie on the disk."""
    total, queue = 0, [path]
    while queue:
        try:
            with os.scandir(queue.pop()) as entries:
                for entry in entries:
                    found = entry.stat(follow_symlinks=False)
                    total += found.st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        queue.append(entry.path)
        except OSError:
            pass
    return total


def _write(path, value):
    with open(path, 'w') as file:
        file.write(str(value))


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
