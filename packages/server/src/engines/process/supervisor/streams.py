"""What an instance says: its output and its errors, and by a third pipe what the shell of its steps does."""
import os
import select

from segments import STDERR, STDOUT

CHUNK = 256 * 1024
#: Where the steps' shell tells what it does; the launcher keeps it free in itself.
STEPS = 3


class Streams:
    """The ends that are read, each with what it is read for, and those that the instance has."""

    def __init__(self):
        """Nobody waits for what is read: who may open a stream by name can take away what was there a moment ago."""
        (out, out_end), (err, err_end), (steps, steps_end) = (os.pipe() for _ in range(3))
        self.read = {out: STDOUT, err: STDERR, steps: None}
        self.errors = err
        self.inside = (out_end, err_end, steps_end)
        for end in self.read:
            os.set_blocking(end, False)

    def take(self, with_steps):
        """In the child that becomes the instance."""
        out, err, steps = self.inside
        null = os.open('/dev/null', os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.dup2(steps, STEPS, inheritable=with_steps)

    def give_away(self):
        """In who reads: a stream is over when nobody has its other end."""
        for end in self.inside:
            os.close(end)

    def register(self, poll):
        for end in self.read:
            poll.register(end, select.POLLIN | select.POLLHUP)

    def forget(self, end, poll):
        poll.unregister(end)
        del self.read[end]


def read_what_is_there(descriptor):
    """None where it is gone again."""
    try:
        return os.read(descriptor, CHUNK)
    except BlockingIOError:
        return None
