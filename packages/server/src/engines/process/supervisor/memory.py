"""
What an instance has in memory, where no control group counts it: what its processes have of their own, files
that lie in memory wherever they are held, and what the kernel keeps for it.
"""
import os
import re
import stat

import linux
import processes
from kernel_memory import KernelMemory

#: What a file, a socket or a watch takes of the kernel at least, and a pipe beyond what a user's pipes may.
SMALLEST, PIPE = 1024, 8192
#: Parts of smaps_rollup(5) that are nobody else's count; files in memory are counted where they are held.
OWN = ('Pss_Anon:', 'Pss_File:', 'SwapPss:', 'Private_Hugetlb:', 'Shared_Hugetlb:')


class Memory:
    """Looks at one instance; what was opened in its namespaces stays open from look to look."""

    def __init__(self, inner):
        self.kernel = KernelMemory(inner) if inner is not None else None
        self.here = os.stat('/proc/self/ns/mnt').st_ino
        file = os.memfd_create('own')
        self.nameless = os.fstat(file).st_dev
        os.close(file)

    def used(self, pids):
        """In bytes."""
        parts = [(pid, task) for pid in pids for task in processes.tasks_with_files(pid)]
        return (
            sum(_own(pid) + _page_tables(pid) for pid in pids) + self.held(parts) + self.file_systems(parts)
            + (self.kernel.used() if self.kernel else 0)
        )

    def held(self, parts):
        """Files in memory that have no name anywhere, open or mapped, and what each thing that is open costs."""
        sizes, others = {}, 0
        for path in (f'/proc/{pid}/task/{task}/fd' for pid, task in parts):
            for name in _list(path):
                try:
                    found = os.stat(f'{path}/{name}')
                except OSError:
                    continue
                if not stat.S_IFMT(found.st_mode):  # a watch, a timer, an event: all are one file to the kernel
                    others += SMALLEST
                else:
                    sizes[found.st_dev, found.st_ino] = self.price(found)
        known = {inode for device, inode in sizes if device == self.nameless}
        return others + sum(sizes.values()) + sum(self.mapped({pid for pid, _ in parts}, known).values())

    def price(self, found):
        if stat.S_ISFIFO(found.st_mode):
            return PIPE
        return SMALLEST + (found.st_blocks * 512 if found.st_dev == self.nameless else 0)

    def mapped(self, pids, known):
        """By inode. Only root may look behind a mapping; else it counts whole, as far as the machine has so much."""
        sizes, most = {}, None
        for pid in pids:
            for where, device, inode, end in processes.nameless_mappings(pid):
                if device == self.nameless and inode not in known:
                    most = linux.shared_memory() if most is None else most
                    sizes[inode] = max(sizes.get(inode, 0), min(most, processes.size_of_mapping(pid, where, end)))
        return sizes

    def file_systems(self, parts):
        """Every one of the instance's that lies in memory, once; this machine's own are not its."""
        spaces = {}
        for pid, task in parts:
            try:
                spaces.setdefault(os.stat(f'/proc/{pid}/task/{task}/ns/mnt').st_ino, f'/proc/{pid}/task/{task}')
            except OSError:
                pass
        spaces.pop(self.here, None)
        ours, sizes = {device for device, *_ in _mounts('/proc/self')}, {}
        for process in spaces.values():
            for device, kind, point in _mounts(process):
                if device not in ours and kind in ('tmpfs', 'ramfs'):
                    sizes[device] = max(sizes.get(device, 0), _size(f'{process}/root{point}', device))
        return sum(sizes.values())


def _own(pid):
    """What the first thread says, or another where that has ended."""
    for task in [pid, *_list(f'/proc/{pid}/task')]:
        try:
            with open(f'/proc/{pid}/task/{task}/smaps_rollup') as file:
                found = dict(line.split()[:2] for line in file.readlines()[1:])
        except (OSError, ValueError):
            continue
        if found:
            kinds = OWN if 'Pss_Anon:' in found else ('Pss:', 'SwapPss:')
            return sum(int(found.get(kind, 0)) for kind in kinds) * 1024
    return 0


def _page_tables(pid):
    for task in [pid, *_list(f'/proc/{pid}/task')]:
        try:
            with open(f'/proc/{pid}/task/{task}/status', 'rb') as file:
                found = re.search(rb'^VmPTE:\s+(\d+)', file.read(), re.MULTILINE)
        except OSError:
            continue
        if found:
            return int(found[1]) * 1024
    return 0


def _mounts(process):
    """Device, kind and place of everything that is mounted (proc_pid_mountinfo(5))."""
    try:
        with open(f'{process}/mountinfo', 'rb') as file:
            lines = [line.split(b' - ', 1) for line in file]
    except OSError:
        return
    for left, right in lines:
        device, point = (left.split()[at].decode(errors='surrogateescape') for at in (2, 4))
        place = re.sub(r'\\(\d{3})', lambda octal: chr(int(octal[1], 8)), point)
        yield os.makedev(*map(int, device.split(':'))), right.split()[0].decode(), place


def _size(path, device):
    """What a file system has taken; with empty files it takes the kernel's memory, too."""
    try:
        if os.stat(path).st_dev != device:
            return 0
        found = os.statvfs(path)
    except OSError:
        return 0
    return (found.f_blocks - found.f_bfree) * found.f_frsize + (found.f_files - found.f_ffree) * SMALLEST


def _list(path):
    try:
        return os.listdir(path)
    except OSError:
        return []
