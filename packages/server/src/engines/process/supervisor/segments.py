"""Writes what an instance says as frames into segments, within a budget (logs/segment.ts reads them)."""
import json
import os
import struct
import time

SEGMENT_BYTES = 16 * 1024 * 1024
PLATFORM, STDOUT, STDERR = 0, 1, 2
KEEP_FREE = 0.05


class Segments:
    def __init__(self, directory, budget_bytes, masked):
        self.directory = directory
        self.most = max(2, budget_bytes // SEGMENT_BYTES)
        self.masked = [value.encode() for value in masked if len(value) >= 8]
        self.partial = {STDOUT: b'', STDERR: b''}
        self.dropped = 0
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
        log.dropped, log.checked, log.full, log.number, log.file = 0, 0.0, False, number - 1, None
        log._next()
        return log

    def write(self, stream, data):
        """Appends bytes as they came; lines with masked values are kept together to hide them whole."""
        if self.masked:
            data = self._mask(stream, data)
        if data:
            self._append(stream, data)

    def say(self, text):
        self._append(PLATFORM, f'{text}\n'.encode())

    def close(self):
        for stream, rest in self.partial.items():
            if rest:
                self._append(stream, self._hide(rest))
        os.close(self.file)
        with open(os.path.join(self.directory, 'closed'), 'w') as file:
            json.dump({'droppedBytes': self.dropped}, file)

    def _mask(self, stream, data):
        whole, newline, rest = (self.partial[stream] + data).rpartition(b'\n')
        self.partial[stream] = rest
        return self._hide(whole + newline)

    def _hide(self, data):
        for value in self.masked:
            data = data.replace(value, b'***')
        return data

    def _append(self, stream, data):
        if self._disk_is_full():
            self.dropped += len(data)
            return
        header = struct.pack('>QBI', int(time.time() * 1000), stream, len(data))
        try:
            os.writev(self.file, [header, data])
        except OSError:
            self.dropped += len(data)
        self.size += len(header) + len(data)
        if self.size >= SEGMENT_BYTES:
            self._next()

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
        path = os.path.join(self.directory, f'{self.number:08}.log')
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.size = os.fstat(self.file).st_size
        oldest = self.number - self.most
        if oldest > 0:
            self._drop(os.path.join(self.directory, f'{oldest:08}.log'))

    def _drop(self, path):
        try:
            self.dropped += os.stat(path).st_size
            os.unlink(path)
        except FileNotFoundError:
            return
        with open(os.path.join(self.directory, 'dropped'), 'w') as file:
            json.dump({'droppedBytes': self.dropped}, file)
