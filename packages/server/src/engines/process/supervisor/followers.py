"""Who is told what a command inside an instance says, and how it ended."""
import json
import os
import select
import struct

import messages
from segments import Segments

#: Frames of a connection, either way: kind, length (big endian), then the bytes. 1 and 2 are what is said.
HEADER = struct.Struct('>BI')
TYPED, RESIZED, ENDED = 4, 5, 6
#: What may wait here; whoever is faster is made to wait.
MOST_WAITING = 256 * 1024
CHUNK = 64 * 1024


class Left(Exception):
    """Nobody follows any more."""


class Client:
    """Follows by a connection, by which it also types."""

    def __init__(self, connection):
        self.connection, self.received, self.waiting = connection, bytearray(), bytearray()
        connection.setblocking(False)

    def register(self, poll, hungry):
        poll.register(self.connection, (select.POLLIN if hungry else 0) | (select.POLLOUT if self.waiting else 0))

    def has_room(self):
        return len(self.waiting) < MOST_WAITING

    def say(self, kind, data):
        self.waiting += HEADER.pack(kind, len(data)) + data

    def handle(self, ready):
        """What the client wants: frames, by kind."""
        events = ready.get(self.connection.fileno(), 0)
        if events & (select.POLLHUP | select.POLLERR):
            raise Left
        if events & select.POLLOUT:
            self._flush()
        if events & select.POLLIN:
            self._receive()
        return self._take_frames()

    def finish(self, status):
        """Until the client has left: it would lose the last words if it spoke to nobody."""
        self.say(ENDED, json.dumps(status).encode())
        self.connection.setblocking(True)
        while self.waiting:
            self._flush()
        while True:
            self._receive()

    def _receive(self):
        try:
            part = self.connection.recv(CHUNK)
        except OSError as error:
            raise Left from error
        if not part:
            raise Left
        self.received += part

    def _flush(self):
        try:
            sent = self.connection.send(self.waiting[:CHUNK])
        except OSError as error:
            raise Left from error
        del self.waiting[:sent]

    def _take_frames(self):
        frames = []
        while len(self.received) >= HEADER.size:
            kind, length = HEADER.unpack_from(self.received)
            end = HEADER.size + length
            if len(self.received) < end:
                break
            frames.append((kind, bytes(self.received[HEADER.size:end])))
            del self.received[:end]
        return frames


class Log:
    """The instance's own: whoever asked hears of the end alone, and may be gone by then."""

    def __init__(self, directory, connection):
        numbers = [int(name[:8]) for name in os.listdir(directory) if name.endswith('.log')]
        self.log, self.connection = Segments.joined(directory, max(numbers)), connection

    def register(self, poll, hungry):
        pass

    def has_room(self):
        return True

    def say(self, kind, data):
        self.log.write(kind, data)

    def handle(self, ready):
        return []

    def finish(self, status):
        self.log.release()
        messages.tell(self.connection, status)
