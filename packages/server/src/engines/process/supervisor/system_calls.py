"""
Which system calls an instance may make: `system-calls.txt` as a program for the kernel's filter (seccomp(2)), one
for each kind of sandbox. The kernel runs it at each call and does what it returns.
"""
import errno
import os
import struct

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'system-calls.txt')
#: The column of a machine's numbers, and what the kernel calls the machine (AUDIT_ARCH of audit.h).
MACHINES = {'x86_64': (1, 0xC000003E), 'aarch64': (2, 0xC00000B7)}
#: What is allowed besides `yes`, by kind of sandbox.
SANDBOXES = {'strict': (), 'nested': ('nested',)}

#: Sockets of the instance's own network, of its own files, and netlink, by which programs learn their addresses.
FAMILIES = (1, 2, 10, 16)  # UNIX, INET, INET6, NETLINK
#: As Docker has them: the usual one, that of 32 bits, and both as they were before Linux 2.6.40; the last only asks.
PERSONALITIES = (0, 8, 0x20000, 0x20008, 0xFFFFFFFF)
#: Flags of clone(2) that make namespaces (NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET).
NEW_NAMESPACES = 0x7E020000
#: Typing into a terminal (TIOCSTI, TIOCLINUX), where others may be reading.
TYPING = (0x5412, 0x541C)

# a program's instructions (bpf_common.h), what they load (struct seccomp_data), and what is returned (seccomp.h)
_LOAD, _EQUAL, _GREATER, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST, _SECOND = 0, 4, 16, 24
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
#: Numbers from here on are those of x32, of which the table knows nothing.
_X32 = 0x40000000


def assemble(sandbox, machine=None):
    """The program of that kind of sandbox for this machine; None where no table has its numbers."""
    column, audit = MACHINES.get(machine or os.uname().machine, (None, None))
    if column is None:
        return None
    rows = [row for row in read_table() if row[column] != '-']
    numbers = {row[0]: int(row[column]) for row in rows}
    allowed = {numbers[row[0]] for row in rows if row[3] in ('yes', *SANDBOXES[sandbox])}
    program = [
        _step(_LOAD, _MACHINE), _step(_EQUAL, audit, 1, 0), _fail(errno.ENOSYS),
        _step(_LOAD, _NUMBER), _step(_AT_LEAST, _X32, 0, 1), _fail(errno.ENOSYS),
    ]
    for name, rule in _rules(sandbox).items():
        program += [_step(_EQUAL, numbers[name], 0, len(rule)), *rule]
    for first, last in _ranges(allowed):
        program += [
            _step(_GREATER, last, 3, 0), _step(_AT_LEAST, first, 0, 1), _step(_RETURN, _ALLOW), _fail(errno.EPERM),
        ]
    program += [_step(_GREATER, max(numbers.values()), 0, 1), _fail(errno.ENOSYS), _fail(errno.EPERM)]
    return b''.join(program)


def read_table():
    with open(TABLE) as file:
        return [line.split() for line in file if not line.startswith('#')]


def _rules(sandbox):
    """What is decided by an argument; libraries that are told of no `clone3` take `clone`, whose flags can be read."""
    rules = {
        'socket': _one_of(_FIRST, FAMILIES, errno.EAFNOSUPPORT),
        'socketpair': _one_of(_FIRST, FAMILIES, errno.EAFNOSUPPORT),
        'personality': _one_of(_FIRST, PERSONALITIES, errno.EPERM),
        'ioctl': _none_of(_SECOND, TYPING, errno.EPERM),
        'clone': [_step(_RETURN, _ALLOW)],
    }
    if sandbox == 'nested':
        return rules
    made = [_step(_LOAD, _FIRST), _step(_ANY_BIT, NEW_NAMESPACES, 0, 1), _fail(errno.EPERM), _step(_RETURN, _ALLOW)]
    return {**rules, 'clone': made, 'clone3': [_fail(errno.ENOSYS)]}


def _one_of(argument, values, otherwise):
    tests = [_step(_EQUAL, value, len(values) - place, 0) for place, value in enumerate(values)]
    return [_step(_LOAD, argument), *tests, _fail(otherwise), _step(_RETURN, _ALLOW)]


def _none_of(argument, values, otherwise):
    tests = [_step(_EQUAL, value, len(values) - place, 0) for place, value in enumerate(values)]
    return [_step(_LOAD, argument), *tests, _step(_RETURN, _ALLOW), _fail(otherwise)]


def _ranges(numbers):
    """First and last of each row of neighbours, in order."""
    found = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def _step(code, value, then=0, otherwise=0):
    """Jumps are counted in instructions to be left out."""
    return struct.pack('=HBBI', code, then, otherwise, value)


def _fail(number):
    return _step(_RETURN, _FAIL | number)
