"""Shows the lines of an instance that have not ended, beside its log: a frame for each (logs/unended.ts reads them)."""
import os
import time

#: In seconds: after so long a line is shown, and no sooner again.
SHOWN_AFTER = 0.75


class Unended:
    """By stream: when its line is to be shown, since when it is as it is, and the frame that shows it."""

    def __init__(self, directory):
        self.path = os.path.join(directory, 'unended')
        self.due, self.since, self.frames = {}, {}, {}

    def changed(self, stream):
        moment = time.time()
        self.since[stream] = int(moment * 1000)
        self.due.setdefault(stream, time.monotonic() + SHOWN_AFTER)

    def over(self, stream):
        """Before the line is written as one that has ended: nobody sees it as both."""
        self.due.pop(stream, None)
        if self.frames.pop(stream, None):
            self._write()

    def show(self, describe):
        """Those that are due, as `describe` gives the frame of each."""
        if not self.due:
            return
        moment = time.monotonic()
        late = [stream for stream, when in self.due.items() if when <= moment]
        for stream in late:
            del self.due[stream]
            self.frames[stream] = describe(stream)
        if late:
            self._write()

    def _write(self):
        """The file is the former one or the new one; where the disk has no room for it, nothing is shown."""
        try:
            if not self.frames:
                os.unlink(self.path)
                return
            with open(f'{self.path}.new', 'wb') as file:
                file.write(b''.join(self.frames.values()))
            os.rename(f'{self.path}.new', self.path)
        except OSError:
            pass
