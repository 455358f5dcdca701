"""Says what it can read and write, and how much fits where it can write."""
import errno
import json
import os
import sys


def read(path):
    try:
        with open(path, "rb") as file:
            return "something" if file.read(16) else "nothing"
    except OSError as error:
        return errno.errorcode[error.errno]


def write(folder):
    path = os.path.join(folder, "written")
    try:
        with open(path, "w"):
            pass
        os.unlink(path)
        return "written"
    except OSError as error:
        return errno.errorcode[error.errno]


def size(folder):
    found = os.statvfs(folder)
    return found.f_blocks * found.f_frsize >> 20


wanted = json.load(sys.stdin)
print(json.dumps({
    "read": {path: read(path) for path in wanted["read"]},
    "write": {path: write(path) for path in wanted["write"]},
    "size": {path: size(path) for path in wanted["size"]},
}))
