"""Starts an instance in a sandbox: in the child that becomes it, and in its supervisor."""
import json
import os
import select
import signal

import addresses
import linux
import network
import sandbox
from refused import Refused


def start(supervisor):
    info, info_end = os.pipe()
    block_end, block = os.pipe()
    plugged, plugged_end = os.pipe()
    supervisor.child = os.fork()
    if supervisor.child == 0:
        become_sandbox(supervisor, info_end, block_end, plugged_end)
    for end in (info_end, block_end, plugged_end, supervisor.out_end, supervisor.err_end, supervisor.steps_end):
        os.close(end)
    supervisor.address = os.read(plugged, 100).decode()
    supervisor.inner = read_inner(supervisor, info)
    sandbox.limit_processes(supervisor.inner, supervisor.user)
    supervisor.tell_started(supervisor.endpoint())
    os.write(block, b'1')
    for end in (block, info, plugged):
        os.close(end)


def read_inner(supervisor, info):
    text = b''
    while not text.endswith(b'}\n') and not text.rstrip().endswith(b'}'):
        chunk = os.read(info, 4096)
        if not chunk:
            raise Refused(f'The sandbox could not be made: {last_words(supervisor)}')
        text += chunk
    return json.loads(text)['child-pid']


def last_words(supervisor):
    if select.select([supervisor.err], [], [], 1)[0]:
        return os.read(supervisor.err, 4096).decode(errors='replace').strip()
    return 'it ended at once'


def become_sandbox(supervisor, info, block, plugged):
    """In the child: joins its group and namespaces, gathers its files, gives up its rights."""
    try:
        linux.die_with_parent()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        supervisor.take_streams()
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
        arguments = sandbox.bwrap_arguments(supervisor.spec, info, block)
        for descriptor in (info, block):
            os.set_inheritable(descriptor, True)
        os.execve(supervisor.host.bwrap, arguments, supervisor.spec['environment'])
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
