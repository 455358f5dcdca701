"""Small numbers that stay with a name as long as it is there: user ids of applications, subnets of owners."""
import contextlib
import fcntl
import json
import os


class Full(Exception):
    pass


def allocate(directory, kind, name, first, count):
    """The number of `name`, the same each time until it is given back; a new name gets the lowest that is free."""
    return _allocate(_path(directory, kind), kind, name, range(first, first + count))


def names(directory, kind):
    """Who has a number, and which."""
    return _read(_path(directory, kind))


@contextlib.contextmanager
def releasing(directory, kind):
    """
    Who has a number, and which; whom the caller takes out has none from now on, and another name may get it. Nobody is
    told a number meanwhile: what is looked at in here to decide is not about to change.
    """
    path = _path(directory, kind)
    with _locked(path):
        known = _read(path)
        left = dict(known)
        yield left
        if left != known:
            _write(path, left)


def _path(directory, kind):
    return os.path.join(directory, f'{kind}.json')


def _allocate(path, kind, name, numbers):
    with _locked(path):
        known = _read(path)
        if name not in known:
            taken = set(known.values())
            free = next((number for number in numbers if number not in taken), None)
            if free is None:
                raise Full(f'all {len(numbers)} numbers for {kind} are taken')
            known[name] = free
            _write(path, known)
        return known[name]


class _locked:
    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.file = open(f'{self.path}.lock', 'w')
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def _read(path):
    try:
        with open(path) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def _write(path, value):
    with open(f'{path}.new', 'w') as file:
        json.dump(value, file)
    os.replace(f'{path}.new', path)
