"""Being asked to end: when that was, who is told of it, and how long it may take."""
import os
import time

import processes

#: In seconds, where whoever asks says nothing.
GRACE = 10.0


class Ending:
    def __init__(self, directory):
        self.directory = directory
        self.asked = self.grace = None
        self.told = False
        #: Who is told when those are over that need them.
        self.later = []

    def ask(self, *_):
        """Called for a signal, and so does nothing but remember."""
        self.asked = self.asked or time.monotonic()

    def begin(self):
        """True the first time; the grace is what was said when it was asked."""
        if self.grace is not None:
            return False
        self.grace = self.read_grace()
        return True

    def choose(self, pids):
        """
        Whom of these to tell now; each is told once. `tee` would end at once, and whoever says to it that they save
        something would break on that; so would a training on a loader of its data that ends under it.
        """
        there = set(pids)
        known = pids if not self.told else [pid for pid in self.later if pid in there]
        self.later = [pid for pid in known if processes.is_told_later(pid, there)]
        self.told = self.told or bool(pids)
        return [pid for pid in known if pid not in self.later]

    def is_over(self, moment):
        return moment - self.asked >= self.grace

    def read_grace(self):
        try:
            with open(os.path.join(self.directory, 'stop')) as file:
                return float(file.read())
        except (OSError, ValueError):
            return GRACE
