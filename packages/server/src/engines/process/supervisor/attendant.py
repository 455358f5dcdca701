"""
Passes on what is typed to a command inside an instance and what it says. Lets go of it when nobody follows
any more, or when the instance is over.
"""
import json
import os
import select
import signal
import struct

import keeper
import messages
from followers import CHUNK, MOST_WAITING, RESIZED, TYPED, Client, Left, Log
from segments import STDERR, STDOUT
from session import NotEntered, Session

END_OF_FILE = b'\4'
TROUBLE = select.POLLHUP | select.POLLERR
#: In milliseconds: others may hold the streams of a command that is over.
LAST_WORDS = 1000
#: In seconds: how long a supervisor may write down how its instance ended.
EPILOGUE = 10


def enter(host, request, connection):
    """Runs a command for whoever is connected; it ends with the connection."""
    session = begin(host, request, connection)
    if session is not None:
        messages.tell(connection, {'started': True})
        Attendant(session, Client(connection)).attend()


def execute(host, request, connection):
    """Runs a command to its end, whoever else lives on; what it says is in the instance's log."""
    session = begin(host, request, connection)
    if session is not None:
        attendant = Attendant(session, Log(session.known['logDirectory'], connection))
        attendant.obey(TYPED, b'')
        attendant.attend()


def begin(host, request, connection):
    try:
        return Session(host, request)
    except (NotEntered, OSError) as refused:
        messages.tell(connection, {'error': str(refused)})
        return None


class Attendant:
    def __init__(self, session, follower):
        self.session, self.follower = session, follower
        self.input = session.streams[0]
        outputs = session.streams if session.terminal else session.streams[1:]
        self.outputs = dict(zip(outputs, (STDOUT, STDERR)))
        self.typed = bytearray()
        self.more_is_typed = True
        self.watched = [session.control.fileno(), session.supervisor]
        self.status = None
        for stream in session.streams:
            os.set_blocking(stream, False)

    def attend(self):
        try:
            try:
                while self.status is None or self.outputs:
                    self.turn(self.wait())
            finally:
                self.session.close()
            self.follower.finish(self.status)
        except Left:
            pass

    def wait(self):
        """Whoever has something to say while there is room for it, or room for what others said."""
        wanted = dict.fromkeys(self.watched, select.POLLIN)
        if self.follower.has_room():
            wanted.update(dict.fromkeys(self.outputs, select.POLLIN))
        if self.typed:
            wanted[self.input] = wanted.get(self.input, 0) | select.POLLOUT
        poll = select.poll()
        for descriptor, events in wanted.items():
            poll.register(descriptor, events)
        self.follower.register(poll, len(self.typed) < MOST_WAITING)
        over = self.status is not None and self.follower.has_room()
        return dict(poll.poll(LAST_WORDS if over else None))

    def turn(self, ready):
        for kind, data in self.follower.handle(ready):
            self.obey(kind, data)
        if not ready:
            self.outputs = {}
        for stream in [one for one in self.outputs if ready.get(one, 0) & (select.POLLIN | TROUBLE)]:
            self.listen(stream)
        if self.typed and ready.get(self.input, 0) & (select.POLLOUT | TROUBLE):
            self.type()
        for descriptor in [one for one in self.watched if one in ready]:
            self.conclude(descriptor)

    def obey(self, kind, data):
        """An empty text is the end of all that is typed; a terminal has a key for that."""
        if kind == RESIZED and self.session.terminal:
            keeper.resize(self.input, *struct.unpack('>HH', data))
        elif kind == TYPED and self.more_is_typed:
            self.typed += data or (END_OF_FILE if self.session.terminal else b'')
            self.more_is_typed = data != b''
            self.end_input()

    def end_input(self):
        if not self.typed and not self.more_is_typed and not self.session.terminal:
            os.close(self.input)

    def listen(self, stream):
        try:
            data = os.read(stream, CHUNK)
        except BlockingIOError:
            return
        except OSError:  # a terminal that nobody has open
            data = b''
        if data:
            self.follower.say(self.outputs[stream], data)
        else:
            del self.outputs[stream]

    def type(self):
        try:
            del self.typed[:os.write(self.input, self.typed[:CHUNK])]
        except BlockingIOError:
            return
        except OSError:  # the command reads no more
            self.typed.clear()
        self.end_input()

    def conclude(self, descriptor):
        """The command has ended, or the instance has and everything in it."""
        self.watched.remove(descriptor)
        if descriptor == self.session.supervisor:
            self.session.let_go()
            return
        answer = self.session.control.recv(4096)
        self.status = describe(json.loads(answer)['status']) if answer else self.explain()

    def explain(self):
        """Whoever kills the keeper kills the command; the end of the instance does both."""
        over, _, _ = select.select([self.session.supervisor], [], [], EPILOGUE)
        return {'over': True} if over else {'signal': 'SIGKILL'}


def describe(status):
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return {'exitCode': code}
    known = {one.value: one.name for one in signal.Signals}
    return {'signal': known.get(-code, f'SIG{-code}')}
