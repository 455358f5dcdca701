"""A command inside a running instance, as it is begun from outside."""
import json
import os
import resource
import signal
import socket

import join
import keeper
import linux
import variables


class NotEntered(Exception):
    """The message is for whoever wanted to enter."""


class Session:
    """A command that runs: its streams, the socket by which its keeper is let go of, and the instance."""

    def __init__(self, host, request):
        self.directory = os.path.join(host.directory, 'instances', request['instanceId'])
        self.known = read_instance(self.directory)
        self.supervisor = watch_supervisor(self.known)
        self.terminal = request.get('terminal')
        order = {
            'argv': request['argv'], 'terminal': self.terminal, 'directory': self.known['workingDirectory'],
            'environment': environment_of(self.known, self.terminal),
        }
        # whatever ends here is reaped at once: an instance cannot end before all of its processes are
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        linux.adopt_orphans()
        self.control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            start_keeper(host, self.known, (inside, order))
        inside.close()
        self.streams = receive_streams(self.control)
        self.note()

    def note(self):
        """The supervisor counts what runs in sessions too, where no control group does."""
        folder = os.path.join(self.directory, 'sessions')
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self.mark = os.path.join(folder, f'{os.getpid()}-{linux.start_time(os.getpid())}')
        open(self.mark, 'w').close()

    def let_go(self):
        """Everything that the command has started is ended."""
        self.control.shutdown(socket.SHUT_WR)

    def close(self):
        """Waits for the keeper: as somebody else's child it may stay a zombie, for which its instance waits."""
        self.control.close()
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            pass
        try:
            os.unlink(self.mark)
        except FileNotFoundError:
            pass


def read_instance(directory):
    try:
        with open(os.path.join(directory, 'instance.json')) as file:
            known = json.load(file)
    except FileNotFoundError:
        raise NotEntered('The instance is gone.') from None
    if not known['ready'] or known['boot'] != linux.boot_id():
        raise NotEntered('The instance does not run.')
    return known


def watch_supervisor(known):
    """A descriptor that becomes readable when the instance is over."""
    try:
        watched = os.pidfd_open(known['pid'])
    except ProcessLookupError:
        raise NotEntered('The instance is over.') from None
    if not linux.is_alive(known['pid'], known['processStarted']):
        raise NotEntered('The instance is over.')
    return watched


def first_process(known):
    """What the supervisor started, and nothing of the application can change: with a sandbox, bubblewrap."""
    found = linux.children(known['pid'])
    if not found or not linux.is_alive(known['pid'], known['processStarted']):
        raise NotEntered('The instance is over.')
    return found[0]


def environment_of(known, terminal):
    """As its supervisor keeps it: what a process of the application shows can be changed by the application."""
    if known.get('variables') is None:
        raise NotEntered('The instance was started by an earlier version of the platform: restart it first.')
    try:
        found = variables.read_variables(known['pid'], known['variables'])
    except FileNotFoundError:
        raise NotEntered('The instance is over.') from None
    if not linux.is_alive(known['pid'], known['processStarted']):
        raise NotEntered('The instance is over.')
    return {**found, 'TERM': terminal['type']} if terminal else found


def open_sandbox(known):
    """
    The namespaces of the first process inside, which is held while they are opened: its number could be somebody
    else's as soon as it is over.
    """
    first = first_process(known)
    inner = linux.children(first)
    held = linux.hold(inner[0], first) if inner else None
    if held is None or not linux.is_below(first, known['pid']):
        raise NotEntered('The instance is over.')
    spaces = join.foreign_namespaces(inner[0])
    if not linux.is_below(inner[0], first):
        raise NotEntered('The instance is over.')
    return spaces


def start_keeper(host, known, work):
    """Never returns. What fails is told through the socket."""
    control, order = work
    code = 1
    try:
        linux.lead_streams_nowhere()
        linux.close_all_but({0, 1, 2, control.fileno()})
        join.join_groups(known['groups'])
        linux.leave_keyring()
        if host.isolated:
            join.join_sandbox(open_sandbox(known), known['user'], host.calls_allowed(known['sandbox']))
            if os.fork() != 0:
                os._exit(0)
        else:
            most = resource.prlimit(first_process(known), resource.RLIMIT_NPROC)
            resource.setrlimit(resource.RLIMIT_NPROC, most)
            linux.gain_nothing()
        keeper.keep(control, order)
        code = 0
    except BaseException as error:  # noqa: BLE001
        control.send(json.dumps({'error': f'{type(error).__name__}: {error}'}).encode())
    finally:
        os._exit(code)


def receive_streams(control):
    answer, streams, _, _ = socket.recv_fds(control, 4096, 3)
    if not streams:
        raise NotEntered(f"The instance could not be entered ({json.loads(answer or b'{}').get('error', 'it ended')}).")
    return streams
