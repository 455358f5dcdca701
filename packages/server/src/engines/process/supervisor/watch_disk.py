"""
Keeps one instance to its disk. Counting files takes long, so a process of its own does it; how much of the disk
is left takes a microsecond, and says when to count.
"""
import json
import os
import select
import time

import disk
import linux

#: Below it nothing is started, and who fills the disk is ended before everybody is out of it: a share, and at most.
LOW, LOW_AT_MOST = 0.05, 5 << 30
#: In seconds: how often it is looked how much is left, at rest and while that changes; how often files are counted.
REST, MOVING, COUNT, COUNT_AT_REST = 0.5, 0.1, 1.0, 5.0
#: In bytes and in names: less is no news, and nobody is ended for less.
NEWS, NOTABLE = (1 << 20, 256), (16 << 20, 4096)


def room(path):
    """What is left of the disk and what is low, each in bytes and in names; a disk may have names without end."""
    found = os.statvfs(path)
    low = min(found.f_blocks * found.f_frsize * LOW, LOW_AT_MOST)
    names = (found.f_favail, found.f_files * LOW) if found.f_files else (1 << 60, 0)
    return (found.f_bavail * found.f_frsize, names[0]), (int(low), int(names[1]))


def refuse_start(path):
    """Why nothing can be started now, or None."""
    free, low = room(path)
    if free[0] < low[0]:
        return f"disk_full: this machine's disk has {free[0] >> 20} MiB left, and starts take {low[0] >> 20}. Make room."
    if free[1] < low[1]:
        return f"disk_full: this machine's disk can name {free[1]} more files, and starts take {low[1]}. Make room."
    return None


def pause(before, free, low):
    """Until the next look: soon while it may be low in some seconds, or is little and changes."""
    falls = any(
        was - now >= max(news, (now - least) / 32) for was, now, least, news in zip(before, free, low, NEWS)
    )
    near = any(now < 2 * least for now, least in zip(free, low))
    return MOVING if falls or (near and before != free) else REST


def fills(grew, fell, free, low):
    """Whether who grew so much, while so much went, is to be ended: the less is left, the smaller a part is enough."""
    return any(
        left < least and more >= max(notable, left / 8) and more >= gone * 0.5 * left / least
        for more, gone, left, least, notable in zip(grew, fell, free, low, NOTABLE)
    )


class DiskWatch:
    def __init__(self, instance, places, processes, poll):
        self.instance, self.places, self.processes, self.poll = instance, places, processes, poll
        self.most = instance.spec['limits']['diskMiB'] << 20
        self.free, self.low = room(instance.scratch)
        #: What was left, and what the instance had: as it was counted last, and as it was when there was enough.
        self.counted = (self.free, (0, 0))
        self.enough = self.counted if len(places[0]) == 1 else None  # what builds go on with is counted first
        self.look = self.soonest = time.monotonic()
        self.next_count = self.latest = self.look + COUNT
        self.count = self.counter = None

    def pause(self):
        """In milliseconds."""
        return max(0, round((self.look - time.monotonic()) * 1000))

    def glance(self, moment):
        if moment < self.look:
            return
        before = self.free
        self.free, self.low = room(self.instance.scratch)
        self.look = moment + pause(before, self.free, self.low)
        if self.count is None and self.is_due(moment):
            self.begin(moment)

    def is_due(self, moment):
        """At once where it may be over by what is left; else a tenth of the time goes into counting at most."""
        fell, left = less(self.counted[0], self.free), self.most - self.counted[1][0]
        if fell[0] >= left or (self.is_low() and any(one >= least for one, least in zip(fell, NEWS))):
            return moment >= self.soonest
        return moment >= (self.next_count if fell[0] >= left / 16 else self.latest)

    def is_low(self):
        return any(now < least for now, least in zip(self.free, self.low))

    def is_plenty(self):
        """So much that who fills the rest of it is seen to have grown by then."""
        return all(now >= 2 * least for now, least in zip(self.free, self.low))

    def begin(self, moment):
        pids, (reading, writing) = self.processes(), os.pipe()
        try:
            self.counter = os.fork()
        except OSError:
            os.close(reading)
            return
        finally:
            if self.counter != 0:
                os.close(writing)
        if self.counter == 0:
            count(pids, self.places, writing)
        self.count = (reading, moment)
        self.poll.register(reading, select.POLLIN | select.POLLHUP)

    def counts(self, descriptor):
        return self.count is not None and descriptor == self.count[0]

    def take(self):
        """What was counted."""
        reading, began = self.count
        self.poll.unregister(reading)
        text = os.read(reading, 4096)
        os.close(reading)
        try:
            os.waitpid(self.counter, 0)
        except ChildProcessError:
            pass
        self.count, self.counter, now = None, None, time.monotonic()
        self.soonest, self.latest = now + (now - began), now + COUNT_AT_REST
        self.next_count = max(began + COUNT, now + 9 * (now - began))
        if text:
            self.judge(json.loads(text))

    def judge(self, found):
        """By what is left now: whoever writes goes on while it is counted, and what was left before is told with nothing."""
        end = lambda why: self.instance.end('disk_full', f'disk_full: {why}')
        if found is None:
            return end('its folders are nested deeper than anybody looks.')
        used = tuple(found)
        self.free, self.low = room(self.instance.scratch)
        self.counted = (self.free, used)
        if self.enough is None or self.is_plenty():
            self.enough = self.counted
        grew, fell = less(used, self.enough[1]), less(self.enough[0], self.free)
        if used[0] > self.most:
            end(f'it wrote more than its {self.most >> 20} MiB of disk, temporary files among it. Keep data in an add-on, or write less.')
        elif fills(grew, fell, self.free, self.low):
            end(f"this machine's disk is nearly full, and it wrote {grew[0] >> 20} MiB of what fills it.")


def less(one, other):
    return tuple(a - b for a, b in zip(one, other))


def count(pids, places, writing):
    """In a child: what the instance has, or None where nobody can tell."""
    try:
        linux.die_with_parent()
        written, seen = places
        try:
            used, names = disk.measure(written)
            answer = (used + disk.removed_files(pids, [*written, seen]), names)
        except disk.TooDeep:
            answer = None
        os.write(writing, json.dumps(answer).encode())
    finally:
        os._exit(0)
