"""Keeps one instance to its limits while it runs, and says which one it broke."""
import os
import time

import limits
import linux
from records import write_whole
from memory import Memory
from watch_disk import DiskWatch


LOOK = 1.0


class Watch:
    """Looks once in a while; what is over its limit is ended."""

    def __init__(self, supervisor, poll):
        self.supervisor, self.spec = supervisor, supervisor.spec
        self.time_used = 0
        self.look, self.memory_look = time.monotonic() + LOOK, 0.0
        seen = f"/proc/{supervisor.inner}/root{self.spec['files']['application']['mountedAt']}"
        self.disk = DiskWatch(supervisor, (self.written(), seen), self.processes, poll)
        self.memory = None if supervisor.group else Memory(supervisor.inner if supervisor.host.isolated else None)

    def check(self, moment):
        self.disk.glance(moment)
        if moment >= self.look:
            self.look = moment + LOOK
            self.check_others()

    def check_others(self):
        instance = self.supervisor
        if self.memory:
            self.check_memory(time.monotonic())
        elif instance.group.memory_kills():
            instance.end('memory_limit', memory_sentence(self.spec))
        if not instance.host.isolated and self.spec.get('port') is not None:
            self.check_port()

    def check_memory(self, moment):
        """Who has much takes long to look at: a tenth of the time goes into it at most."""
        if moment < self.memory_look:
            return
        pids, most = self.processes(), self.spec['limits']['memoryMiB']
        used = self.memory.used(pids)
        self.tell_use(limits.used_time(pids), used)
        if used > most << 20:
            end = f'memory_limit (sampled): it used {used >> 20} MiB of {most} MiB.'
            self.supervisor.end('memory_limit', end)
        self.memory_look = time.monotonic() + 9 * (time.monotonic() - moment)

    def tell_use(self, milliseconds, used):
        """For whoever measures; where there is a control group, that says it."""
        self.time_used = max(self.time_used, milliseconds)
        write_whole(os.path.join(self.supervisor.directory, 'use.json'), {
            'cpuMilliseconds': self.time_used, 'memoryBytes': used,
        }, durable=False)

    def processes(self):
        """Everything of the instance, with what was begun in it from outside."""
        found = [one for pid in (os.getpid(), *self.sessions()) for one in linux.descendants(pid)]
        return [one for one in found if one != self.disk.counter]

    def own_processes(self):
        """What its command has started; neither what looks after it, nor what was begun in it from outside."""
        return [one for one in linux.descendants(self.supervisor.top()) if one != self.disk.counter]

    def sessions(self):
        """Who looks after commands that were begun in the instance from outside."""
        try:
            marks = os.listdir(os.path.join(self.supervisor.directory, 'sessions'))
        except FileNotFoundError:
            return []
        known = [tuple(map(int, mark.split('-'))) for mark in marks]
        return [pid for pid, started in known if linux.is_alive(pid, started)]

    def written(self):
        """Where the instance writes: builds into what becomes the artifact and its dependencies, too."""
        files = self.spec['files']
        places = [files['application'], *map(files.get, ('environment', 'cache', 'shared'))]
        writable = [one['source'] for one in places if one and one.get('access', 'writable') == 'writable']
        return [self.supervisor.scratch, *writable]

    def check_port(self):
        """Without namespaces, an application that ignores PORT would take the host's own 8080."""
        if self.supervisor.port != 8080 and has_listener(self.processes(), 8080):
            self.supervisor.end('start_failed', 'wrong_port: it listens on 8080, but this machine has no namespaces, '
                                                'so it must listen on the port that the PORT variable names.')


def memory_sentence(spec):
    return (f"memory_limit: it needed more than the {spec['limits']['memoryMiB']} MiB of its flavor. "
            'Choose a bigger one.')


def explain_end(instance):
    """What the control group says of an instance that did not end well."""
    if instance.group.memory_kills() and instance.reason in (None, 'stopped'):
        instance.reason, instance.detail = 'memory_limit', memory_sentence(instance.spec)
    elif instance.reason is None and instance.group.refused_forks():
        instance.reason = 'process_limit'
        instance.detail = f'process_limit: it wanted more than {limits.MOST_PROCESSES} processes.'


def has_listener(pids, port):
    """Whether one of these processes has a listening socket on this port."""
    listening = set()
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        try:
            with open(table) as file:
                for line in file.readlines()[1:]:
                    words = line.split()
                    if words[3] == '0A' and int(words[1].rpartition(':')[2], 16) == port:
                        listening.add(f'socket:[{words[9]}]')
        except OSError:
            pass
    for one in pids:
        try:
            for name in os.listdir(f'/proc/{one}/fd'):
                if os.readlink(f'/proc/{one}/fd/{name}') in listening:
                    return True
        except OSError:
            pass
    return False

