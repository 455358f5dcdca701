"""What tenants may have changed, reached a name at a time: a link is never followed, whatever it stands in place of."""
import os
import stat

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: Each level is a descriptor.
DEEPEST = 256


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


def make_closed(path):
    """A folder, and those above it that are not there yet, that nobody else passes."""
    mask = os.umask(0o077)
    try:
        os.makedirs(path, exist_ok=True)
    finally:
        os.umask(mask)
