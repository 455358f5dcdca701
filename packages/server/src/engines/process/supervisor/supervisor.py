"""
Looks after one instance from its start to its exit: makes its sandbox, writes down what it says, keeps
its limits, ends it when asked, and records how it ended. Nobody else needs to be alive for that.
"""
import os
import select
import shutil
import signal
import time
import traceback

import keeper
import limits
import linux
import network
import programs
import sandbox
import start_plain
import start_sandboxed
import watch_disk
import watch_limits
from ending import Ending
from records import now, sync_folder, write_durably, write_whole
from refused import Refused
from segments import Segments
from steps import Steps
from streams import Streams, read_what_is_there

HEARTBEAT = 10
#: In seconds: how long something may still be said when all that is known of is over.
LAST_WORDS = 2


class Supervisor:
    def __init__(self, host, spec, directory):
        self.host, self.spec, self.directory = host, spec, directory
        self.record = os.path.join(directory, 'instance.json')
        self.scratch = os.path.join(directory, 'scratch')
        self.started = now()
        self.ending = Ending(directory)
        self.reason = None
        self.detail = None
        self.steps = Steps(spec)
        self.inner = self.variables = None
        self.held = False
        self.address = ''
        self.group = self.user = None
        self.groups = limits.group_paths(host.cgroups, f"{host.tag}-{spec['instanceId']}")
        self.directory_inside = spec['workingDirectory']

    def claim(self):
        """Takes the instance by its record; an id starts once and never again. Who is killed before took nothing."""
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        mine = os.path.join(self.directory, f'claim-{os.getpid()}')
        write_whole(mine, self.describe(None, ready=False))
        try:
            os.link(mine, self.record)
        finally:
            os.unlink(mine)
        sync_folder(self.directory)

    def describe(self, endpoint, ready):
        return {
            'instanceId': self.spec['instanceId'], 'workloadId': self.spec['workloadId'],
            'ownerId': self.spec['ownerId'], 'startedAt': self.started, 'pid': os.getpid(),
            'processStarted': linux.start_time(os.getpid()), 'boot': linux.boot_id(),
            'logDirectory': self.spec['logDirectory'], 'endpoint': endpoint,
            'ready': ready, 'user': self.user, 'workingDirectory': self.directory_inside,
            'groups': list(self.groups.values()),
            'variables': self.variables, 'sandbox': sandbox.kind_of(self.spec),
            'inNetwork': self.inner if self.host.platform else None,
        }

    def run(self):
        self.log = Segments(self.spec['logDirectory'], self.spec['logBudgetMiB'] << 20, self.spec['masked'])
        signal.signal(signal.SIGTERM, self.ending.ask)
        try:
            self.refuse_on_full_disk()
            self.start()
            status = self.watch()
        except Refused as refused:
            status, self.reason, self.detail = None, 'start_failed', str(refused)
        except Exception as error:  # noqa: BLE001
            status, self.reason = None, 'start_failed'
            self.detail = f'The engine could not start the instance: {getattr(error, "strerror", None) or error}'
            traceback.print_exc()
        self.finish(status)

    def refuse_on_full_disk(self):
        why = watch_disk.refuse_start(self.directory)
        if why:
            raise Refused(why)

    # -- start -----------------------------------------------------------------------------------

    def start(self):
        spec, host = self.spec, self.host
        source = spec['files']['application']['source']
        if not os.path.isdir(source):
            raise Refused(f'The application\'s files are gone ({os.path.basename(source)}): deploy it again.')
        os.mkdir(self.scratch, 0o711)
        self.user = host.user_of(spec['applicationId'])
        if host.cgroups:
            memory, cpus = spec['limits']['memoryMiB'], spec['limits']['cpus']
            self.group = limits.Group(self.groups, memory, cpus)
        self.streams = Streams()
        if host.isolated:
            start_sandboxed.start(self)
        else:
            start_plain.start(self)

    def endpoint(self):
        """Where the router finds it."""
        port = self.spec.get('port')
        return {'host': self.address, 'port': port} if self.address and port is not None else None

    # -- watch -----------------------------------------------------------------------------------

    def watch(self):
        """Until everything of the instance is gone; the exit status of its command as `waitpid` has it."""
        poll = select.poll()
        self.streams.register(poll)
        status, over, beat = None, None, time.monotonic()
        end, watch = self.open_end(poll), watch_limits.Watch(self, poll)
        while True:
            for descriptor, _ in poll.poll(min(self.pause(status), watch.disk.pause())):
                if descriptor == end:
                    poll.unregister(end)
                elif watch.disk.counts(descriptor):
                    watch.disk.take()
                else:
                    self.hear(descriptor, poll)
            status = self.look_after_command(status)
            moment = time.monotonic()
            if status is None or self.others_go_on(watch):
                watch.check(moment)
                if self.ending.asked:
                    self.stop(moment, watch)
            elif not self.streams.read or moment - (over := over or moment) > LAST_WORDS:
                return status
            self.log.show()
            if moment - beat >= HEARTBEAT:
                beat = moment
                os.utime(self.record)

    def look_after_command(self, status):
        """How the command ended, once it has: who was told to end may have more time than the command took."""
        if self.held and linux.is_over(self.inner):
            self.held = False
            os.kill(self.child, signal.SIGCONT)
        ended = dict(keeper.ended_children()).get(self.child)
        return ended if status is None else status

    def others_go_on(self, watch):
        """
        When the command is over, whoever it left has the rest of the time that was given; where none was, nobody has any.
        In a sandbox all of them are gone by then.
        """
        if self.host.isolated:
            return False
        if not self.ending.asked:
            keeper.end_all()
            return False
        return bool(watch.own_processes())

    def open_end(self, poll):
        """A descriptor that wakes when the child ends; kernels before 5.3 have none, and are asked again."""
        try:
            end = os.pidfd_open(self.child)
        except OSError:
            return None
        poll.register(end, select.POLLIN)
        return end

    def pause(self, status):
        """In milliseconds: what ends wakes us, so there is little to wait for besides."""
        return 20 if status is not None or self.ending.asked else 500

    def hear(self, descriptor, poll):
        """Writes down what one of its streams says; of its steps, remembers it."""
        data, stream = read_what_is_there(descriptor), self.streams.read[descriptor]
        if data is None:
            return
        if not data:
            self.streams.forget(descriptor, poll)
        elif stream is not None:
            self.log.write(stream, data)
        elif (failed := self.steps.note(data.decode(errors='replace'))) and self.reason is None:
            self.reason, self.detail = 'before_failed', failed

    def end(self, reason, detail):
        if self.reason is None:
            self.reason, self.detail = reason, detail
        self.kill()

    def stop(self, moment, watch):
        """TERM to every process of the instance, as soon as it has any, and KILL when the grace of all is over."""
        ending = self.ending
        if ending.begin() and self.reason is None:
            self.reason = 'stopped'
        if ending.later or not ending.told:
            self.tell_to_end(watch.own_processes(), moment)
        if ending.is_over(moment):
            if ending.grace > 0 and self.detail is None:
                self.detail = f'It went on for {ending.grace:g} s after it was asked to end (TERM), and was killed.'
            self.kill()

    def tell_to_end(self, pids, moment):
        """
        bubblewrap ends with the command, and the sandbox with bubblewrap: it is stopped before, so that whoever is told
        to end has time after the command, too.
        """
        if pids and self.host.isolated and not self.ending.told:
            self.held = True
            os.kill(self.child, signal.SIGSTOP)
        for pid in self.ending.choose(pids, moment):
            linux.signal_below(pid, self.top(), signal.SIGTERM)

    def kill(self):
        """All of the instance; a whole namespace goes with its first process."""
        if self.host.isolated:
            linux.signal_below(self.inner, self.child, signal.SIGKILL)
        else:
            for pid in linux.descendants(os.getpid()):
                linux.signal_below(pid, os.getpid(), signal.SIGKILL)

    def top(self):
        """Whoever is below it is the instance's."""
        return self.inner if self.host.isolated else os.getpid()

    # -- end -------------------------------------------------------------------------------------

    def finish(self, status):
        if not self.host.isolated:
            keeper.end_all()
        exit_code, number = self.read_status(status)
        if self.group and exit_code != 0:
            watch_limits.explain_end(self)
        self.log.release()
        if self.detail:
            self.log.say(self.detail)
        self.log.close()
        self.release()
        write_durably(os.path.join(self.directory, 'exit.json'), {
            'at': now(), 'exitCode': exit_code, 'signal': number, 'reason': self.reason or 'exited',
            'step': self.steps.current, 'detail': self.detail,
        })
        self.tell()

    def read_status(self, status):
        """An exit code, or the name of a signal; bubblewrap passes a signal on as 128 and its number."""
        if self.steps.code is not None:
            code = self.steps.code
        elif status is None:
            return None, None
        else:
            code = os.waitstatus_to_exitcode(status) if hasattr(os, 'waitstatus_to_exitcode') else status >> 8
        number = -code if code < 0 else code - 128
        if number > 0 and number in set(signal.Signals):
            return None, signal.Signals(number).name
        return code, None

    def release(self):
        if self.group:
            self.group.remove()
        self.unplug()
        remove_tree(self.scratch)

    def unplug(self):
        """
        A connection whose other end is gone keeps its namespace for a minute or two, and that the cable: an address
        that was given is taken away, so that the next attempt has it at once. Nobody else has it before that.
        """
        if not self.address or self.address != self.spec.get('address'):
            return
        child = os.fork()
        if child == 0:
            try:
                network.unplug(self.host.platform, self.spec['ownerId'], self.address)
            except OSError:
                traceback.print_exc()
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    def tell_started(self, endpoint):
        write_whole(self.record, self.describe(endpoint, ready=True))
        self.tell()

    def tell(self):
        """One folder to watch for all instances: each change of a name in it is one event, and says whose."""
        name = os.path.join(self.host.directory, 'changes', self.spec['instanceId'])
        try:
            os.link(self.record, name)
        except FileExistsError:
            os.utime(name)


def remove_tree(path):
    """Also what the instance closed to its own user, or nested deeper than any path can say."""
    try:
        shutil.rmtree(path, onerror=remove_closed)
    except (OSError, RecursionError):
        for words in (['chmod', '-R', 'u+rwX', '--', path], ['rm', '-rf', '--', path]):
            programs.run(words)


def remove_closed(_, path, error):
    """An empty folder needs no look inside: overlayfs leaves one that is closed."""
    if not isinstance(error[1], FileNotFoundError):
        os.rmdir(path)
