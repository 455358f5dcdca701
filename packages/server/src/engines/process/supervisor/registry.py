"""Small numbers that stay with a name as long as it is there: user ids of applications, subnets of owners."""
import fcntl
import json
import os


class Full(Exception):
    pass


#: Numbers stay: what one process has asked for, those that it forks need not read again.
_remembered = {}


def allocate(directory, kind, name, first, count):
    """The number of `name`, the same each time; a new name gets the lowest that is free."""
    path = _path(directory, kind)
    if (path, name) not in _remembered:
        _remembered[path, name] = _allocate(path, kind, name, range(first, first + count))
    return _remembered[path, name]


def names(directory, kind):
    """Who has a number, and which."""
    return _read(_path(directory, kind))


def forget(directory, kind, gone):
    """In this process alone; whoever asks again is told what is written."""
    for name in gone:
        _remembered.pop((_path(directory, kind), name), None)


def release(directory, kind, gone):
    """Gives numbers back: from now on another name may get them."""
    path = _path(directory, kind)
    forget(directory, kind, gone)
    with _locked(path):
        known = _read(path)
        _write(path, {name: number for name, number in known.items() if name not in gone})


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
