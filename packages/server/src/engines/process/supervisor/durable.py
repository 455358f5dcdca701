"""Small files that are whole at any moment."""
import json
import os


def write_whole(path, value, durable=True):
    """After a crash of the machine there is what was there before, or this."""
    file = os.open(f'{path}.new', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(file, json.dumps(value).encode())
    if durable:
        os.fsync(file)
    os.close(file)
    os.replace(f'{path}.new', path)


def write_durably(path, value):
    """After a crash of the machine there is this."""
    write_whole(path, value)
    sync_folder(os.path.dirname(path))


def sync_folder(path):
    folder = os.open(path, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
