"""
Starts a command in a running instance and is the parent of everything that comes of it: when the command
has ended, or whoever asked for it has let go, nothing of it is left. Runs inside the instance.
"""
import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import termios
import time

import linux
import programs

#: Between HUP and KILL, for those who want to put something away.
GRACE = 2.0
#: Some signals that Python ignores must not be ignored by what is executed.
IGNORED = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD)
UTF8_INPUT = 0o40000


def keep(control, order):
    """
    Hands the outer ends of the command's streams through `control`, later how the command ended. The end of
    `control` itself is what lets go.
    """
    linux.adopt_orphans()
    os.umask(0o022)
    outer, streams = open_terminal(order['terminal']) if order['terminal'] else open_pipes()
    arrivals = wake_when_children_end()
    command = os.fork()
    if command == 0:
        become(order, streams)
    for stream in set(streams):
        os.close(stream)
    socket.send_fds(control, [b'{}'], outer)
    for stream in outer:
        os.close(stream)
    status = wait(command, control, arrivals)
    if status is None:
        ask_to_end()
    end_all()
    if status is not None:
        control.send(json.dumps({'status': status}).encode())


def open_pipes():
    """Made by the user that will have them, who may then also open them by name."""
    stdin, stdout, stderr = os.pipe(), os.pipe(), os.pipe()
    return [stdin[1], stdout[0], stderr[0]], [stdin[0], stdout[1], stderr[1]]


def open_terminal(terminal):
    """One of the instance's own terminals."""
    outer, inner = pty.openpty()
    resize(outer, terminal['rows'], terminal['columns'])
    modes = termios.tcgetattr(inner)
    modes[0] |= UTF8_INPUT
    termios.tcsetattr(inner, termios.TCSANOW, modes)
    return [outer], [inner] * 3


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))


def become(order, streams):
    """The command, in a session of its own."""
    try:
        linux.die_with_parent()
        os.setsid()
        for target, stream in enumerate(streams):
            os.dup2(stream, target)
        if order['terminal']:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        for number in IGNORED:
            signal.signal(number, signal.SIG_DFL)
        os.chdir(order['directory'])
        programs.become_inside(order['argv'], order['environment'])
    except OSError as error:
        os.write(2, f"{order['argv'][0]}: {error.strerror}\r\n".encode())
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def wake_when_children_end():
    arrivals, signals = os.pipe()
    os.set_blocking(arrivals, False)
    os.set_blocking(signals, False)
    signal.set_wakeup_fd(signals, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return arrivals


def wait(command, control, arrivals):
    """How the command ended, as `waitpid` has it, or None where whoever asked for it let go first."""
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(arrivals, select.POLLIN)
    while True:
        if control.fileno() in dict(poll.poll()):
            return None
        os.read(arrivals, 4096)
        for pid, status in ended_children():
            if pid == command:
                return status


def ended_children():
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status


def ask_to_end():
    signal_each(remaining(), signal.SIGHUP)
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline and remaining():
        time.sleep(0.01)


def end_all():
    """Stopped before they are killed: who starts others as fast as they end would never be at an end."""
    while remaining():
        stopped = set()
        while found := set(remaining()) - stopped:
            signal_each(found, signal.SIGSTOP)
            stopped |= found
        signal_each(stopped, signal.SIGKILL)
        time.sleep(0.005)


def signal_each(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            pass


def remaining():
    """Everything below this process that is not over."""
    for _ in ended_children():
        pass
    return linux.descendants(os.getpid())
