"""Writes what an instance says as frames into segments, within a budget (logs/segment.ts reads them)."""
import json
import os
import re
import struct
import time

SEGMENT_BYTES = 16 * 1024 * 1024
PLATFORM, STDOUT, STDERR = 0, 1, 2
#: Of the disk: logs leave it to those who cannot do without.
KEEP_FREE = 0.05
LONGEST_LINE = 64 * 1024
SHORTEST_SECRET = 8


class Segments:
    def __init__(self, directory, budget_bytes, masked):
        self.directory = directory
        self.most = max(2, budget_bytes // SEGMENT_BYTES)
        self.masked = secrets_in(masked)
        self.partial = {STDOUT: b'', STDERR: b''}
        self.lost = self.lost_in_all = 0
        self.checked = 0.0
        self.full = False
        os.makedirs(directory, mode=0o700, exist_ok=True)
        self.number = 0
        self.file = None
        self._next()

    @classmethod
    def joined(cls, directory, number):
        """Writes on in a segment that another process has opened; whole frames do not mix."""
        log = cls.__new__(cls)
        log.directory, log.most, log.masked, log.partial = directory, 1 << 40, [], {}
        log.lost = log.lost_in_all = 0
        log.checked, log.full, log.number, log.file = 0.0, False, number - 1, None
        log._next()
        return log

    def write(self, stream, data):
        """Appends bytes as they came; lines with masked values are kept together to hide them whole."""
        if self.masked:
            data = self._mask(stream, data)
        if data:
            self._append(stream, data)

    def say(self, text):
        self._write_frame(PLATFORM, f'{text}\n'.encode())

    def close(self):
        for stream, rest in self.partial.items():
            if rest:
                self._append(stream, self._hide(rest))
        self._tell_lost()
        os.close(self.file)
        with open(os.path.join(self.directory, 'closed'), 'w') as file:
            json.dump({'droppedBytes': self.lost_in_all}, file)

    def _mask(self, stream, data):
        """Whole lines; of one that does not end, all but what may be the beginning of a secret."""
        whole, newline, rest = (self.partial[stream] + data).rpartition(b'\n')
        ready = self._hide(whole + newline)
        if len(rest) > LONGEST_LINE:
            rest = self._hide(rest)
            keep = max(map(len, self.masked)) - 1
            ready, rest = ready + rest[:-keep], rest[-keep:]
        self.partial[stream] = rest
        return ready

    def _hide(self, data):
        for value in self.masked:
            data = data.replace(value, b'***')
        return data

    def _append(self, stream, data):
        """A nearly full disk loses lines, never the application that writes them."""
        if self._disk_is_full():
            self._lose(len(data))
            return
        self._tell_lost()
        if not self._write_frame(stream, data):
            self._lose(len(data))

    def _lose(self, count):
        self.lost += count
        self.lost_in_all += count

    def _tell_lost(self):
        if self.lost and self._write_frame(PLATFORM, lost_sentence(self.lost)):
            self.lost = 0

    def _write_frame(self, stream, data):
        """Whether it was written; of a frame that does not fit nothing is left, or no reader gets past it."""
        header = struct.pack('>QBI', int(time.time() * 1000), stream, len(data))
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


def secrets_in(values):
    """What is hidden: a value of several lines line by line, and the longest first, which may hold others."""
    lines = {line.encode() for value in values for line in re.split('\r\n|\r|\n', value)}
    return sorted((line for line in lines if len(line) >= SHORTEST_SECRET), key=len, reverse=True)


def lost_sentence(count):
    return (f'{count} bytes of output were not kept here: the disk of the machine is nearly full. '
            'Its operator can free some, or delete applications.\n').encode()
