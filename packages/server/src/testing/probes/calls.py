"""Makes the system calls that it is told of, and says how the kernel answered: the error's name, or `ok`."""
import ctypes
import errno
import json
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)


def answer(number, *arguments):
    """In a child: a call that is made may change whoever makes it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        caller = os.getpid()
        result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
        if os.getpid() != caller:  # it made another process
            os._exit(0)
        os.write(writing, (errno.errorcode.get(ctypes.get_errno(), "?") if result == -1 else "ok").encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        said = file.read().decode()
    os.waitpid(child, 0)
    return said


print(json.dumps([answer(*call) for call in json.load(sys.stdin)]))
