"""
An instance's variables on their way inside. They are the tenant's, and some of them tell the dynamic loader or the C
library of whatever program has them what to load: no program has them in its environment that runs outside the
instance. bubblewrap reads them from a file in memory, and so does whoever enters the instance later.
"""
import fcntl
import json
import os

from refused import Refused

#: bubblewrap takes no more words than these, all of its options and the command's counted (MAX_ARGS of bubblewrap.c).
MOST_WORDS = 9000
SEALED = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def as_words(variables):
    """Options of bubblewrap that set them. A word ends at NUL: one in a value would begin an option of a tenant's."""
    for name, value in variables.items():
        if not name or '=' in name or '\0' in name + value:
            raise Refused(f'The variable {name!r} cannot be set: its name has a "=" or is empty, or it holds a NUL.')
    return [word for name, value in variables.items() for word in ('--setenv', name, value)]


def check_words(words, variables):
    if len(words) > MOST_WORDS:
        raise Refused(f'It has {len(variables)} variables, more than can be handed to an instance: remove some, or '
                      'put what they say into a file.')


def keep_words(words):
    """A file in memory with these words, as `bwrap --args` reads them."""
    return keep_bytes('arguments', b''.join(os.fsencode(word) + b'\0' for word in words))


def keep_variables(variables):
    """A file in memory that `read_variables` reads, by whoever may look into this process: no tenant."""
    return keep_bytes('variables', json.dumps(variables).encode())


def keep_bytes(name, data):
    """Nobody can change it any more, by whatever way they come to it."""
    file = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    left = memoryview(data)
    while left:
        left = left[os.write(file, left):]
    os.lseek(file, 0, os.SEEK_SET)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, SEALED)
    return file


def read_variables(process, descriptor):
    with open(f'/proc/{process}/fd/{descriptor}', 'rb') as file:
        return json.load(file)
