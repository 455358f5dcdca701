"""Starts an instance in a sandbox: in the child that becomes it, and in its supervisor."""
import json
import os
import select
import signal

import addresses
import linux
import network
import programs
import sandbox
import variables
from refused import Refused

#: In bytes: more than bubblewrap says of a sandbox.
MOST_INFORMATION = 16 * 1024


def start(supervisor):
    info, info_end = os.pipe()
    block_end, block = os.pipe()
    plugged, plugged_end = os.pipe()
    supervisor.variables = variables.keep_variables(supervisor.spec['environment'])
    program = describe(supervisor, info_end, block_end)
    supervisor.child = os.fork()
    if supervisor.child == 0:
        become_sandbox(supervisor, program, plugged_end)
    supervisor.streams.give_away()
    for end in (*program.descriptors, plugged_end):
        os.close(end)
    supervisor.address = os.read(plugged, 100).decode()
    supervisor.inner = read_inner(supervisor, info)
    sandbox.limit_processes(supervisor.inner, supervisor.user)
    supervisor.tell_started(supervisor.endpoint())
    try:
        os.write(block, b'1')
    except BrokenPipeError:
        raise Refused(f'The sandbox could not be made: {last_words(supervisor)}') from None
    for end in (block, info, plugged):
        os.close(end)


class Program:
    """bubblewrap, with what it is given: arguments, and descriptors that they name."""

    def __init__(self, argv, descriptors):
        self.argv, self.descriptors = argv, descriptors


def describe(supervisor, info, block):
    """
    Everything but the command goes by a file in memory, which whoever lists the machine's processes does not see.
    Until the sandbox stands, the command is words to bubblewrap like any.
    """
    spec, host, kind = supervisor.spec, supervisor.host, sandbox.kind_of(supervisor.spec)
    descriptors, wiring = [info, block], ['--info-fd', str(info), '--block-fd', str(block)]
    if allowed := host.calls_allowed(kind):
        descriptors.append(variables.keep_bytes('calls', allowed))
        wiring += ['--seccomp', str(descriptors[-1])]
    wiring += host.forbid_namespaces(kind)
    options = sandbox.bwrap_options(spec, wiring) + variables.as_words(spec['environment'])
    command = ['--', *sandbox.command_of(spec)]
    variables.check_words(['bwrap', '--args', 'descriptor', *options, *command], spec['environment'])
    words = variables.keep_words(options)
    return Program(['bwrap', '--args', str(words), *command], [*descriptors, words])


def read_inner(supervisor, info):
    """The first process inside, if it is what our own child started: nobody else's is ours to limit or to end."""
    text = b''
    while not text.rstrip().endswith(b'}'):
        chunk = os.read(info, 4096)
        if not chunk or len(text) > MOST_INFORMATION:
            raise Refused(f'The sandbox could not be made: {last_words(supervisor)}')
        text += chunk
    inner = json.loads(text)['child-pid']
    if not isinstance(inner, int) or not linux.is_below(inner, supervisor.child):
        raise Refused(f'The sandbox could not be made: what it calls its first process ({inner}) is none of its own.')
    return inner


def last_words(supervisor):
    if select.select([supervisor.streams.errors], [], [], 1)[0]:
        return os.read(supervisor.streams.errors, 4096).decode(errors='replace').strip()
    return 'it ended at once'


def become_sandbox(supervisor, program, plugged):
    """In the child: joins its group and namespaces, gathers its files, gives up its rights."""
    try:
        linux.die_with_parent()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        supervisor.streams.take(with_steps=sandbox.has_steps(supervisor.spec))
        if supervisor.group:
            supervisor.group.join()
        address = '127.0.0.1'
        if supervisor.host.platform is not None:
            wanted = supervisor.spec.get('address')
            address = network.plug_in(supervisor.host.platform, supervisor.spec['ownerId'], wanted)
            os.write(plugged, address.encode())
        os.close(plugged)
        if not supervisor.host.root and supervisor.host.platform is None:
            make_user_namespace()
        linux.unshare(linux.NEWNS)
        etc = sandbox.describe_etc(supervisor.spec, address, supervisor.host.resolv)
        sandbox.prepare_mounts(supervisor.spec, supervisor.scratch, supervisor.user, etc)
        if supervisor.user is not None:
            os.setgroups([])
            os.setresgid(supervisor.user, supervisor.user, supervisor.user)
            os.setresuid(supervisor.user, supervisor.user, supervisor.user)
            linux.die_with_parent()
        for descriptor in program.descriptors:
            os.set_inheritable(descriptor, True)
        os.chdir('/')
        linux.leave_keyring()
        linux.gain_nothing()
        programs.become(supervisor.host.bwrap, program.argv, {})
    except addresses.NoAddress as refused:
        os.write(2, str(refused).encode())
        os._exit(127)
    except BaseException as error:  # noqa: BLE001
        os.write(2, f'{type(error).__name__}: {error}\n'.encode())
        os._exit(127)


def make_user_namespace():
    user, group = os.getuid(), os.getgid()
    linux.unshare(linux.NEWUSER)
    for name, text in (('setgroups', 'deny'), ('uid_map', f'0 {user} 1'), ('gid_map', f'0 {group} 1')):
        with open(f'/proc/self/{name}', 'w') as file:
            file.write(text)
