"""Becomes a member of a running instance: its control groups, its user, its namespaces, and no right more."""
import os

import linux
import sandbox

KINDS = ('net', 'mnt', 'pid', 'ipc', 'uts', 'cgroup', 'user')


def join_groups(groups):
    for group in groups:
        with open(f'{group}/cgroup.procs', 'w') as file:
            file.write(str(os.getpid()))


def join_sandbox(spaces, user, calls):
    """
    Into the namespaces of the instance; what is forked from here on is inside, and may make the same system calls.
    Nobody there may look into this process, which holds more than theirs: the application is of the same user.
    """
    linux.call_myself(b'session')
    if user is not None:
        linux.join(spaces.pop('net'))
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    enter(spaces)
    linux.hide()
    linux.give_up_capabilities()
    sandbox.limit_processes(0)
    if calls:
        linux.filter_calls(calls)


def enter(spaces):
    """By kind. Rights are those of the user namespace that one is in: each of the others is entered from its own."""
    here = _identity('/proc/self/ns/user')
    for kind, space in spaces.items():
        if kind != 'user' and _identity(owner := linux.owner_of(space)) != here:
            linux.join(owner)
            here = _identity(owner)
        linux.join(space)


def foreign_namespaces(process):
    """Of a process, those that this one is not in."""
    opened = {kind: os.open(f'/proc/{process}/ns/{kind}', os.O_RDONLY) for kind in KINDS}
    return {
        kind: space for kind, space in opened.items()
        if _identity(space) != _identity(f'/proc/self/ns/{kind}')
    }


def _identity(namespace):
    found = os.stat(namespace)
    return found.st_dev, found.st_ino
