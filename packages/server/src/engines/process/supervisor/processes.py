"""What can be seen of processes from outside."""
import os

import linux


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
