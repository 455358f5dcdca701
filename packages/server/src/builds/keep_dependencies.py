"""
Copies installed dependencies as a step of a build left them, where it changed anything; what it left alone is copied from
the original, with which a disk may share it. Run in the build's sandbox, when the step is over.
"""
import os
import shutil
import stat
import subprocess
import sys

#: What Python compiles for itself is no change.
COMPILED = b'__pycache__'
COPY = ['cp', '-R', '--no-dereference', '--preserve=mode,timestamps,links', '--reflink=auto']
AT_ONCE = 500


class Found:
    """What of a folder is as it was, what is not, and the folders in which something is not."""

    def __init__(self):
        self.same, self.others, self.inner, self.differs = [], [], {}, False


def compare(changed, original):
    found, here, before = Found(), entries(changed), entries(original)
    found.differs = bool((here.keys() ^ before.keys()) - {COMPILED})
    for name, entry in here.items():
        if name == COMPILED or name not in before:
            found.others.append(name)
        else:
            place(found, entry, before[name])
    return found


def entries(folder):
    with os.scandir(folder) as some:
        return {entry.name: entry for entry in some}


def place(found, entry, original):
    name, now, then = entry.name, entry.stat(follow_symlinks=False), original.stat(follow_symlinks=False)
    below = None
    if stat.S_ISDIR(now.st_mode) and stat.S_ISDIR(then.st_mode):
        try:
            below = compare(entry.path, original.path)
        except (OSError, RecursionError):
            pass  # whoever copies it says why it cannot be
        is_same = below is not None and not below.differs and now.st_mode == then.st_mode
    else:
        is_same = look_of(entry.path, now) == look_of(original.path, then)
    if is_same:
        found.same.append(name)
        return
    found.differs = True
    if below is None:
        found.others.append(name)
    else:
        found.inner[name] = below


def look_of(path, found):
    if stat.S_ISLNK(found.st_mode):
        return os.readlink(path)
    return found.st_mode, found.st_size, found.st_mtime_ns


def keep(found, changed, original, into):
    copy(original, found.same, into)
    copy(changed, found.others, into)
    for name, below in found.inner.items():
        at = [os.path.join(folder, name) for folder in (changed, original, into)]
        os.mkdir(at[2])
        keep(below, *at)
    shutil.copystat(changed, into)


def copy(folder, names, into):
    for start in range(0, len(names), AT_ONCE):
        some = names[start:start + AT_ONCE]
        status = subprocess.run([*COPY, b'--target-directory=' + into, '--', *some], cwd=folder).returncode
        if status:
            sys.exit(f'What was changed of {os.fsdecode(folder)} could not be copied, as is said above.')


if __name__ == '__main__':
    trees = [os.fsencode(path) for path in sys.argv[1:]]
    seen = compare(*trees[:2])
    if seen.differs:
        keep(seen, *trees)
