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
        #: Who is told when another is over, and which.
        self.later = {}

    def ask(self, *_):
        """Called for a signal, and so does nothing but remember."""
        self.asked = self.asked or time.monotonic()

    def begin(self):
        """True the first time; the grace is what was said when it was asked."""
        if self.grace is not None:
            return False
        self.grace = self.read_grace()
        return True

    def choose(self, pids, moment):
        """
        Whom of these to tell now; each is told once. `tee` would end at once, and whoever says to it that they save
        something would break on that; so would a training on a loader of its data that ends under it. But whoever waits
        may not end for others that wait, too: at half of the grace nobody is waited for any more. What was begun
        after others were told was begun for the end, and is told by nobody.
        """
        there = set(pids)
        if not self.told:
            self.told, chosen = bool(pids), pids
        elif moment - self.asked >= self.grace / 2:
            chosen, self.later = [pid for pid in self.later if pid in there], {}
            return chosen
        else:
            self.later = {pid: needed for pid, needed in self.later.items() if pid in there}
            chosen = [pid for pid, needed in self.later.items() if needed not in there]
        if not chosen:
            return []
        relations = processes.Relations(pids)
        found = {pid: relations.waits_for(pid) for pid in chosen}
        self.later = {pid: needed for pid, needed in {**self.later, **found}.items() if needed}
        return [pid for pid in chosen if not found[pid]]

    def is_over(self, moment):
        return moment - self.asked >= self.grace

    def read_grace(self):
        try:
            with open(os.path.join(self.directory, 'stop')) as file:
                return float(file.read())
        except (OSError, ValueError):
            return GRACE
