"""Being asked to end: when that was, whether the instance was told, and how long it may take."""
import os
import time

#: In seconds, where whoever asks says nothing.
GRACE = 10.0


class Ending:
    def __init__(self, directory):
        self.directory = directory
        self.asked = self.grace = None
        self.told = False

    def ask(self, *_):
        """Called for a signal, and so does nothing but remember."""
        self.asked = self.asked or time.monotonic()

    def begin(self):
        """True the first time; the grace is what was said when it was asked."""
        if self.grace is not None:
            return False
        self.grace = self.read_grace()
        return True

    def is_over(self, moment):
        return moment - self.asked >= self.grace

    def read_grace(self):
        try:
            with open(os.path.join(self.directory, 'stop')) as file:
                return float(file.read())
        except (OSError, ValueError):
            return GRACE
