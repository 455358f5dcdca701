"""Writes what an instance says as frames into segments, within a budget (logs/segment.ts reads them)."""
import json
import os
import struct
import time

from lines import Lines, secrets_in
from unended import Unended

SEGMENT_BYTES = 16 * 1024 * 1024
PLATFORM, STDOUT, STDERR = 0, 1, 2
#: Of the disk: logs leave it to those who cannot do without.
KEEP_FREE = 0.05


class Segments:
    def __init__(self, directory, budget_bytes, masked):
        os.makedirs(directory, mode=0o700, exist_ok=True)
        self._open(directory, 0, (max(2, budget_bytes // SEGMENT_BYTES), secrets_in(masked)))

    @classmethod
    def joined(cls, directory, number):
        """Writes on in a segment that another process has opened; whole frames do not mix."""
        log = cls.__new__(cls)
        log._open(directory, number - 1, (1 << 40, []))
        return log

    def _open(self, directory, number, settings):
        self.directory, self.number = directory, number
        self.most, secrets = settings
        self.lines = {STDOUT: Lines(secrets), STDERR: Lines(secrets)}
        self.unended = Unended(directory)
        self.lost = self.lost_in_all = self.last = 0
        self.checked, self.full, self.file = 0.0, False, None
        self._next()

    def write(self, stream, data):
        """Appends what has ended of a stream's lines; of the last one, which has not, its last state is kept in mind."""
        lines = self.lines[stream]
        ready = lines.feed(data)
        if ready:
            self.unended.over(stream)
            self._append(stream, ready)
        if lines.rest:
            self.unended.changed(stream)

    def show(self):
        """Lines that have not ended for a while; to be called from time to time."""
        self.unended.show(lambda stream: frame(self.unended.since[stream], stream, self.lines[stream].state()))

    def say(self, text):
        self._write_frame(PLATFORM, f'{text}\n'.encode())

    def release(self):
        """What has no end is written as it is now, in the order of time."""
        for stream, lines in self.lines.items():
            if lines.rest:
                self.unended.over(stream)
                self._append(stream, lines.release(), max(self.last, self.unended.since[stream]))

    def close(self):
        self.release()
        self._tell_lost()
        os.close(self.file)
        with open(os.path.join(self.directory, 'closed'), 'w') as file:
            json.dump({'droppedBytes': self.lost_in_all}, file)

    def _append(self, stream, data, at=None):
        """A nearly full disk loses lines, never the application that writes them."""
        if self._disk_is_full():
            self._lose(len(data))
            return
        self._tell_lost()
        if not self._write_frame(stream, data, at):
            self._lose(len(data))

    def _lose(self, count):
        self.lost += count
        self.lost_in_all += count

    def _tell_lost(self):
        if self.lost and self._write_frame(PLATFORM, lost_sentence(self.lost)):
            self.lost = 0

    def _write_frame(self, stream, data, at=None):
        """Whether it was written; of a frame that does not fit nothing is left, or no reader gets past it."""
        self.last = int(time.time() * 1000) if at is None else at
        header = header_of(self.last, stream, data)
        length = len(header) + len(data)
        try:
            written = os.writev(self.file, [header, data])
        except OSError:
            return False
        if written < length:
            os.ftruncate(self.file, os.fstat(self.file).st_size - written)
            return False
        self.size += length
        if self.size >= SEGMENT_BYTES:
            self._next()
        return True

    def _disk_is_full(self):
        now = time.monotonic()
        if now - self.checked > 1:
            self.checked = now
            disk = os.statvfs(self.directory)
            self.full = disk.f_bavail < disk.f_blocks * KEEP_FREE
        return self.full

    def _next(self):
        if self.file is not None:
            os.close(self.file)
        self.number += 1
        self.file = os.open(self._path(self.number), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.size = os.fstat(self.file).st_size
        oldest = self.number - self.most
        if oldest > 0 and os.path.exists(self._path(oldest)):
            os.unlink(self._path(oldest))

    def _path(self, number):
        return os.path.join(self.directory, f'{number:08}.log')


def header_of(at, stream, data):
    return struct.pack('>QBI', at, stream, len(data))


def frame(at, stream, data):
    return header_of(at, stream, data) + data


def lost_sentence(count):
    return (f'{count} bytes of output were not kept here: the disk of the machine is nearly full. '
            'Its operator can free some, or delete applications.\n').encode()
