"""What tenants may have changed, reached a name at a time: a link is never followed, whatever it stands in place of."""
import errno
import os
import shutil
import stat

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: Each level is a descriptor.
DEEPEST = 256
#: In bytes.
MOST_AT_ONCE = 1 << 30


class TooDeep(Exception):
    """Folders are nested deeper than anybody looks."""


def give(path, user):
    """The tree belongs to this user from now on; its root is changed last, so that one which does is given whole."""
    if os.lstat(path).st_uid == user:
        return
    folder = os.open(path, FOLDER)
    try:
        _give_inside(folder, user, 0)
        os.fchown(folder, user, user)
    finally:
        os.close(folder)


def _give_inside(folder, user, depth):
    if depth > DEEPEST:
        raise TooDeep(f'Folders are nested deeper than {DEEPEST} levels.')
    for name in os.listdir(folder):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISDIR(found.st_mode):
            os.chown(name, user, user, dir_fd=folder, follow_symlinks=False)
            continue
        inner = os.open(name, FOLDER, dir_fd=folder)
        try:
            _give_inside(inner, user, depth + 1)
            os.fchown(inner, user, user)
        finally:
            os.close(inner)


def copy(source, target):
    """
    Of a tree that nobody is at work in, and no larger on the disk than that is: holes stay holes, and a file with
    several names stays one. Pipes and sockets are left out.
    """
    known = {}

    def copy_one(path, into):
        found = os.lstat(path)
        name = found.st_dev, found.st_ino
        if name in known:
            os.link(known[name], into)
        elif stat.S_ISREG(found.st_mode):
            _copy_file(path, into)
            shutil.copystat(path, into, follow_symlinks=False)
            known.update({name: into} if found.st_nlink > 1 else {})

    shutil.copytree(source, target, symlinks=True, copy_function=copy_one)


def _copy_file(path, into):
    with open(path, 'rb', opener=_without_links) as file, open(into, 'xb') as copied:
        reading, writing = file.fileno(), copied.fileno()
        size, at = os.fstat(reading).st_size, 0
        os.ftruncate(writing, size)
        while (at := _next_data(reading, at, size)) < size:
            end = os.lseek(reading, at, os.SEEK_HOLE)
            os.lseek(writing, at, os.SEEK_SET)
            while at < end and (sent := os.sendfile(writing, reading, at, min(end - at, MOST_AT_ONCE))):
                at += sent


def _without_links(path, flags):
    return os.open(path, flags | os.O_NOFOLLOW)


def _next_data(file, at, size):
    try:
        return os.lseek(file, at, os.SEEK_DATA)
    except OSError as error:
        if error.errno != errno.ENXIO:  # there is none behind it
            raise
        return size


def make_closed(path):
    """A folder, and those above it that are not there yet, that nobody else passes."""
    mask = os.umask(0o077)
    try:
        os.makedirs(path, exist_ok=True)
    finally:
        os.umask(mask)
