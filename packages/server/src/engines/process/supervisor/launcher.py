"""
Starts supervisors: one resident process that forks, so that a start costs milliseconds and little
memory. It keeps nothing that is not on disk; the supervisors it made outlive it.
"""
import gc
import hashlib
import json
import os
import shutil
import signal
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import addresses  # noqa: E402
import attendant  # noqa: E402
import give_back  # noqa: E402
import limits  # noqa: E402
import linux  # noqa: E402
import messages  # noqa: E402
import network  # noqa: E402
import programs  # noqa: E402
import registry  # noqa: E402
import system_calls  # noqa: E402
from supervisor import Supervisor  # noqa: E402

FIRST_USER, USERS = 2_000_000, 60_000


class Host:
    """What this machine offers; the same for every instance."""

    def __init__(self, options):
        directory, isolation, allowed = (options[name] for name in ('directory', 'isolation', 'allowedNetworks'))
        self.directory = directory
        self.root = os.geteuid() == 0
        self.bwrap = shutil.which('bwrap')
        self.tag = hashlib.sha256(os.fsencode(directory)).hexdigest()[:8]
        self.warnings = []
        self.users = {}  # of applications: what is known here, supervisors need not read again
        self.program = fingerprint()
        self.filters = {kind: system_calls.assemble(kind) for kind in system_calls.SANDBOXES}
        self.cgroups = {} if options.get('controlGroups') == 'none' else limits.find_cgroups()
        self.isolated = isolation != 'none' and self.can_isolate()
        self.platform = self.open_network(allowed) if self.isolated else None
        self.resolv = ''.join(f'nameserver {one}\n' for one in network.find_resolvers())
        if self.isolated and self.platform is None:
            self.isolated = False
        if not self.cgroups:
            self.warnings.append('Memory limits are sampled, and one organization is served: control groups cannot be written here.')
        if self.isolated and self.filters['strict'] is None:
            self.warnings.append(f'Instances may make every system call: on {os.uname().machine} none are filtered.')

    def can_isolate(self):
        if self.bwrap is None:
            self.warnings.append('bubblewrap is missing: apt-get install bubblewrap')
            return False
        offered = programs.run([self.bwrap, '--help'], cwd='/').stdout
        self.no_namespaces = ['--disable-userns'] if b'--disable-userns' in offered else []
        probe = [self.bwrap, '--unshare-user', '--unshare-pid', *self.no_namespaces]
        view = ['--ro-bind', '/', '/', '--proc', '/proc', 'true']
        answer = programs.run([*probe, *view], preexec_fn=self.probe_as, cwd='/')
        if answer.returncode != 0:
            words = answer.stderr.decode(errors='replace').strip()
            self.warnings.append(f'User namespaces are refused ({words}): sysctl -w kernel.unprivileged_userns_clone=1')
        return answer.returncode == 0

    def probe_as(self):
        """As instances start: nobody in particular, and without any way to gain rights."""
        if self.root:
            os.setuid(65534)
        linux.gain_nothing()

    def calls_allowed(self, sandbox):
        """The filter of system calls in that kind of sandbox; None where there is none for this machine."""
        return self.filters[sandbox]

    def forbid_namespaces(self, sandbox):
        """The options of bubblewrap; older ones have none, and there the filter alone forbids them."""
        return self.no_namespaces if sandbox == 'strict' else []

    def open_network(self, allowed):
        resolvers = network.find_resolvers()
        try:
            return network.open_platform(self.directory, not self.root, allowed, resolvers)
        except (OSError, RuntimeError, programs.Failed, IndexError, ValueError) as error:
            words = getattr(error, 'stderr', None)
            detail = words.decode(errors='replace').strip() if words else str(error)
            tool = 'iproute2 nftables' if self.root else 'passt iproute2 nftables, and chmod 0666 /dev/net/tun'
            self.warnings.append(f'Instances get no network of their own ({detail}): apt-get install {tool}')
            return None

    def user_of(self, application):
        """Each application's own; without root there is one for all."""
        if not self.root:
            return None
        if application not in self.users:
            self.users[application] = registry.allocate(self.directory, 'users', application, FIRST_USER, USERS)
        return self.users[application]

    def recall_numbers(self, spec):
        """So that not every start reads all users from the disk; where there is none left, the start says so."""
        try:
            self.user_of(spec['applicationId'])
        except registry.Full:
            pass
        self.recall_subnet(spec['ownerId'])

    def recall_subnet(self, owner):
        """Where all are given, that of an owner of whom nothing runs: they get another when they start something."""
        if self.platform is None:
            return
        try:
            addresses.subnet_of(self.platform, owner)
        except registry.Full:
            idle = give_back.find_idle(self)
            if idle is not None:
                run_aside(lambda: give_back.release_subnets(self, [idle]))

    def describe(self):
        return {
            'pid': os.getpid(), 'program': self.program, 'isolated': self.isolated, 'warnings': self.warnings, 'root': self.root,
            'network': self.platform.describe() if self.platform else None,
            'cgroups': bool(self.cgroups), 'python': sys.executable,
        }


def fingerprint():
    """Of the sources, as they are now: whoever has others starts a launcher of its own in place of this one."""
    folder, digest = os.path.dirname(os.path.abspath(__file__)), hashlib.sha256()
    for name in sorted(os.listdir(folder)):
        if name.endswith(('.py', '.txt')):
            with open(os.path.join(folder, name), 'rb') as file:
                digest.update(file.read())
    return digest.hexdigest()


def serve(host, path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if os.path.exists(path):
        os.unlink(path)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen(1024)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listener.accept()
        with connection:
            try:
                answer(host, listener, connection)
            except (OSError, ValueError, KeyError) as error:
                print(f'launcher: {type(error).__name__}: {error}', file=sys.stderr, flush=True)


def answer(host, listener, connection):
    request = messages.receive(connection)
    if request['do'] == 'start':
        host.recall_numbers(request['spec'])
        fork(listener, lambda: start(host, request['spec'], connection))
    elif request['do'] == 'exec':
        fork(listener, lambda: attendant.execute(host, request, connection))
    elif request['do'] == 'enter':
        fork(listener, lambda: attendant.enter(host, request, connection))
    elif request['do'] == 'dial':
        fork(listener, lambda: dial(host, request, connection))
    elif request['do'] == 'addresses':
        host.recall_subnet(request['ownerId'])
        fork(listener, lambda: tell_addresses(host, request, connection))
    elif request['do'] == 'numbered':
        kinds = {'applications': 'users', 'owners': 'subnets'}
        messages.send(connection, {who: list(registry.names(host.directory, kind)) for who, kind in kinds.items()})
    elif request['do'] == 'give-back':
        gone = request['gone']
        for application in gone['applications']:
            host.users.pop(application, None)
        fork(listener, lambda: (give_back.give_back(host, gone, request['places']), messages.tell(connection, {})))
    elif request['do'] == 'describe':
        messages.send(connection, host.describe())
    elif request['do'] == 'quit':
        network.destroy(host.directory)
        os.unlink(os.path.join(host.directory, 'launcher.sock'))
        messages.tell(connection, {})  # whoever is told may remove everything
        os._exit(0)


def fork(listener, work):
    """Runs `work` in a process of its own, in a session of its own, and nothing after it."""
    if os.fork() != 0:
        return
    code = 1
    try:
        listener.close()
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        work()
        code = 0
    except BaseException as error:  # noqa: BLE001
        print(f'launcher: {type(error).__name__}: {error}', file=sys.stderr, flush=True)
    finally:
        os._exit(code)


def run_aside(work):
    """Runs `work` in a process of its own, and waits for it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except Exception as error:  # noqa: BLE001
            print(f'launcher: {type(error).__name__}: {error}', file=sys.stderr, flush=True)
        finally:
            os._exit(0)
    try:
        os.waitpid(child, 0)
    except ChildProcessError:
        pass  # nobody's children are kept: it has ended


def start(host, spec, connection):
    directory = os.path.join(host.directory, 'instances', spec['instanceId'])
    supervisor = Supervisor(host, spec, directory)
    try:
        supervisor.claim()
    except FileExistsError:
        messages.tell(connection, {'exists': True})
        return
    messages.tell(connection, {'started': True})
    connection.close()
    supervisor.run()


def tell_addresses(host, request, connection):
    """What nodes of an owner may be given, and the interface that carries it inside."""
    try:
        found = addresses.for_nodes(host.platform, request['ownerId'])
    except registry.Full as error:
        messages.tell(connection, {'error': str(error)})
        return
    messages.tell(connection, {'addresses': found, 'networkInterface': 'eth0' if host.platform else 'lo'})


def dial(host, request, connection):
    """Connects to an address of the platform's network and passes bytes both ways."""
    if host.platform is not None and host.platform.rootless:
        host.platform.enter()
    try:
        target = socket.create_connection((request['host'], request['port']), timeout=10)
    except OSError as error:
        messages.send(connection, {'error': str(error)})
        return
    target.settimeout(None)
    messages.send(connection, {'connected': True})
    back = threading.Thread(target=copy, args=(target, connection), daemon=True)
    back.start()
    copy(connection, target)
    back.join()


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def main():
    os.umask(0o077)  # instances have one of their own
    linux.close_all_but({0, 1, 2})
    linux.leave_keyring()
    options = json.loads(sys.argv[1])
    directory = options['directory']
    for name in ('instances', 'changes'):
        os.makedirs(os.path.join(directory, name), mode=0o700, exist_ok=True)
    reserve = os.open('/dev/null', os.O_RDONLY)
    os.dup2(reserve, 3)  # steps are told there, so nothing of ours may stand there
    host = Host(options)
    gc.freeze()  # what is here now is shared with every supervisor, as long as nobody writes to it
    print(json.dumps({'ready': True}), flush=True)
    serve(host, os.path.join(directory, 'launcher.sock'))


main()
