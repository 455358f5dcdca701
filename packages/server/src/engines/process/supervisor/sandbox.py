"""The inside of an instance: its files, its user, its namespaces. Runs in the process that becomes it."""
import os
import resource
import stat

import linux
import trees
from limits import MOST_PROCESSES, processes_of_user

USER, GROUP = 1000, 1000
#: Where sources are gathered, in a mount namespace of the instance's own, before rights are given up.
STAGE = '/mnt'

ETC = (
    'alternatives', 'ca-certificates', 'fonts', 'java-11-openjdk', 'java-17-openjdk', 'java-21-openjdk',
    'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'localtime', 'magic', 'mime.types', 'pki',
    'protocols', 'services', 'ssl/certs', 'ssl/openssl.cnf', 'timezone',
)

#: Where a step puts what it made of dependencies, where those are seen uncopied.
KEPT = '/opt/env.kept'

#: What every program on a GPU opens beside the GPU's own file.
SHARED_DEVICES = ('/dev/nvidiactl', '/dev/nvidia-uvm', '/dev/nvidia-uvm-tools')

#: Of /proc: who holds which keys, where the kernel's code lies, how it is built and was booted, what its hardware and its
#: disks do. What programs ask for stays: cpuinfo, meminfo, stat, loadavg, uptime, version, devices and driver.
HIDDEN = (
    'cmdline', 'config.gz', 'diskstats', 'interrupts', 'iomem', 'kallsyms', 'kcore', 'key-users', 'keys',
    'latency_stats', 'partitions', 'sched_debug', 'softirqs', 'timer_list',
)
#: In bytes: what fits into places that are for sockets and marks of processes.
SMALL = 64 * 1024 * 1024

#: Where programs put what they need for a while, each a folder of the instance's own on the disk.
TEMPORARY = {'/tmp': 'tmp', '/var/tmp': 'var-tmp'}

#: What login shells read: an instance's environment is complete, and they leave it as it is.
PROFILE = r'''
if [ -n "$PS1" ]; then PS1='$CC_APP_NAME/$INSTANCE_NUMBER:\w\$ '; fi
'''

#: Runs steps one after the other in one sandbox, and tells on descriptor 3 which. Once it is told to end it starts neither
#: the command nor a step before it, and what runs after the command waits until nobody but this shell is left. A step is
#: waited for as a program in front: `wait`, when a signal interrupts it, may lose how a program ended in that moment.
STEPS = r'''
told=
trap told=1 TERM
ulimit -c 0
exec 4>&2 2>/dev/null
call() { (exec -- "$@") 2>&4 3>&- 4>&-; code=$?; }
others() {
  local beside= below=
  { read -r beside < /proc/$PPID/task/$PPID/children; read -r below < /proc/$$/task/$$/children; }
  [ "${beside:-$$}" != $$ ] || [ -n "$below" ]
}
rest() {
  [ -n "$told" ] || return
  exec 5<> <(:)
  while others; do read -rt 0.02 -u 5; done
  exec 5>&-
}
i=1; ended=0; broken=
while [ $i -le $# ]; do
  kind=${!i}; j=$((i+1)); name=${!j}; j=$((i+2)); n=${!j}; argv=("${@:i+3:n}"); i=$((i+3+n))
  if [ -z "$broken" ] && [ -n "$told" ]; then case $kind in before|command) ended=143; broken=1;; esac; fi
  case $kind in
    before) if [ -z "$broken" ]; then printf 'step %s\n' "$name" >&3; call "${argv[@]}"; if [ $code -ne 0 ]; then printf 'before-failed %s\n' "$code" >&3; ended=$code; broken=1; fi; fi;;
    command) if [ -n "$broken" ]; then continue; fi; printf 'step %s\n' "$name" >&3; call "${argv[@]}"; ended=$code; printf 'code %s\n' "$code" >&3;;
    succeeded) if [ $ended -eq 0 ]; then rest; printf 'after %s\n' "$name" >&3; call "${argv[@]}"; fi;;
    failed) if [ $ended -ne 0 ]; then rest; printf 'after %s\n' "$name" >&3; call "${argv[@]}"; fi;;
  esac
done
exit $ended
'''


def prepare_mounts(spec, scratch, user, etc):
    """Gathers everything that the instance sees below STAGE, in a mount namespace of its own."""
    os.umask(0o022)  # the instance's own files are as open as it makes them; its owner's others share some
    linux.mount('none', '/', None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount('tmpfs', STAGE, 'tmpfs', 0, 'mode=755')
    files = spec['files']
    for name in ('app', 'home', 'env', 'cache', 'shared', 'etc'):
        os.mkdir(f'{STAGE}/{name}', 0o755)
    home = _own_directory(f'{scratch}/home', user)
    _bind(home, f'{STAGE}/home')
    for name in TEMPORARY.values():
        os.mkdir(f'{STAGE}/{name}', 0o755)
        _bind(make_temporary(f'{scratch}/{name}', user), f'{STAGE}/{name}')
    _mount_application(files['application'], scratch, user)
    if files.get('environment'):
        _mount_environment(files['environment'], scratch, user)
    if files.get('cache'):
        _bind(_own_directory(files['cache']['source'], user), f'{STAGE}/cache')
    if files.get('shared'):
        _bind(share(files['shared']['source'], user), f'{STAGE}/shared')
    for index, path in enumerate(files['readOnly']):
        _bind_any(path, f'{STAGE}/ro{index}')
    _make_etc(etc)
    for path in files['readOnly']:
        if path.startswith('/etc/') and not os.path.exists(f'{STAGE}{path}'):
            os.makedirs(os.path.dirname(f'{STAGE}{path}'), exist_ok=True)
            _make_place(path, f'{STAGE}{path}')


def _make_etc(texts):
    """What is its own, and what it may see of this machine's. It is seen read-only: nothing can be made in it later."""
    for name, text in texts.items():
        with open(f'{STAGE}/etc/{name}', 'w') as file:
            file.write(text)
    for name in ETC:
        if os.path.exists(f'/etc/{name}'):
            os.makedirs(os.path.dirname(f'{STAGE}/etc/{name}'), exist_ok=True)
            _bind_any(f'/etc/{name}', f'{STAGE}/etc/{name}')


def _mount_application(application, scratch, user):
    source = application['source']
    if user is not None:
        trees.give(source, user)
    if application['access'] == 'writable':
        _bind(source, f'{STAGE}/app')
        return
    if not _overlay(source, f'{STAGE}/app', scratch, user):
        copy = f'{scratch}/copy'
        trees.copy(source, copy)
        if user is not None:
            trees.give(copy, user)
        _bind(copy, f'{STAGE}/app')


def _overlay(source, target, changes, user):
    """Whether the kernel shows a tree there, and takes what is changed of it elsewhere."""
    upper, work = _own_directory(f'{changes}/upper', user), _own_directory(f'{changes}/work', user)
    os.chmod(upper, stat.S_IMODE(os.lstat(source).st_mode))
    options = f'lowerdir={_escape(source)},upperdir={upper},workdir={work}'
    try:
        linux.mount('overlay', target, 'overlay', 0, options + (',userxattr' if user is None else ''))
    except OSError:
        return False
    return True


def _mount_environment(environment, scratch, user):
    """Its owner's other applications read it, too, each as a user of its own: they come by no path to it but this."""
    source = environment['source']
    if environment['access'] == 'writable':
        if not os.path.lexists(source):
            trees.make_closed(source)
            os.chmod(source, 0o755)
        _own_directory(source, user)
        if _shows_base(environment, scratch, user):
            os.mkdir(f'{STAGE}/kept', 0o755)
            _bind(source, f'{STAGE}/kept')
            return
    _bind(source, f'{STAGE}/env')


def _shows_base(environment, scratch, user):
    """Whether what it begins with is seen in its place, uncopied. Whoever has it of another user could change nothing."""
    base, owner = environment.get('base'), os.getuid() if user is None else user
    if not base or os.listdir(environment['source']) or os.lstat(base).st_uid != owner:
        return False
    return _overlay(base, f'{STAGE}/env', f'{scratch}/environment', user)


def make_temporary(path, user=None):
    """A folder for anybody's files, which go with the instance; on its disk, as all that it writes."""
    os.mkdir(path)
    os.chmod(path, 0o1777)
    if user is not None:
        os.chown(path, user, user)
    return path


def share(path, user):
    """
    A directory that the nodes of a run share, which nobody else looks into. Other nodes may be at work in it,
    so nothing is changed but who it belongs to.
    """
    trees.make_closed(path)
    if user is not None and os.lstat(path).st_uid != user:
        os.lchown(path, user, user)
    return path


def _escape(path):
    return path.replace('\\', '\\\\').replace(':', '\\:').replace(',', '\\,')


def _bind(source, target):
    linux.mount(source, target, None, linux.MS_BIND | linux.MS_REC)


def _bind_any(source, target):
    _make_place(source, target)
    _bind(source, target)


def _make_place(source, target):
    """Where something can be mounted that is of the same kind."""
    if os.path.isdir(source):
        os.mkdir(target)
    else:
        open(target, 'w').close()


def _own_directory(path, user):
    trees.make_closed(path)
    if user is not None:
        trees.give(path, user)
    return path


def describe_etc(spec, address, resolv):
    """
    What an instance finds in /etc: its own name leads to its own address, as programs that look themselves up
    expect. Names of hosts are known in a sandbox alone: without one, this machine's own file is not ours to change.
    """
    hosts = {_host_name(spec): address, **(spec.get('hosts') or {})}
    named = ''.join(f'{at} {name}\n' for name, at in hosts.items())
    return {
        'passwd': f'root:x:0:0:root:/:/usr/sbin/nologin\nbas:x:{USER}:{GROUP}:bas:/home/bas:/bin/bash\n',
        'group': f'root:x:0:\nbas:x:{GROUP}:\n',
        'hosts': f'127.0.0.1 localhost\n::1 localhost\n{named}',
        'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
        'resolv.conf': resolv,
        'profile': PROFILE,
        'bash.bashrc': PROFILE,
    }


def _host_name(spec):
    return f"instance-{spec['number']}"


def bwrap_options(spec, wiring):
    """
    What is seen, and nothing else. `wiring` are options with the descriptors that they need. Every place that can be
    written to has a size or is on the instance's disk, and what is left of the root cannot be written to at all.
    """
    memory = max(64, spec['limits']['memoryMiB']) * 1024 * 1024
    options = ['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts',
               '--unshare-cgroup-try', '--uid', str(USER), '--gid', str(GROUP), '--die-with-parent',
               '--new-session', '--hostname', _host_name(spec), *wiring]
    options += _system() + ['--proc', '/proc', *_hidden(), '--dev', '/dev']
    for place, size in (('/dev/shm', memory // 2), ('/run', SMALL)):
        options += ['--size', str(size), '--tmpfs', place]
    for place, name in TEMPORARY.items():
        options += ['--bind', f'{STAGE}/{name}', place]
    options += ['--dir', '/mnt', *_devices(spec), *_files(spec['files'])]
    return options + ['--remount-ro', '/dev', '--remount-ro', '/', '--chdir', spec['workingDirectory']]


def _hidden():
    """Empty in place of what the kernel says of the whole machine, or of others on it."""
    return [word for name in HIDDEN if os.path.exists(f'/proc/{name}')
            for word in ('--dev-bind', '/dev/null', f'/proc/{name}')]


def _files(files):
    options = ['--ro-bind', f'{STAGE}/etc', '/etc', '--bind', f'{STAGE}/home', '/home/bas',
               '--bind', f'{STAGE}/app', files['application']['mountedAt']]
    environment = files.get('environment')
    if environment:
        kind = '--bind' if environment['access'] == 'writable' else '--ro-bind'
        options += [kind, f'{STAGE}/env', '/opt/env', '--bind-try', f'{STAGE}/kept', KEPT]
    if files.get('cache'):
        options += ['--bind', f'{STAGE}/cache', '/home/bas/.cache']
    if files.get('shared'):
        options += ['--bind', f'{STAGE}/shared', files['shared']['mountedAt']]
    for index, path in enumerate(files['readOnly']):
        options += ['--ro-bind', f'{STAGE}/ro{index}', path]
    return options


def _system():
    """/usr, and the names beside it as this machine has them."""
    arguments = ['--ro-bind', '/usr', '/usr']
    for name in ('bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'):
        path = f'/{name}'
        if os.path.islink(path):
            arguments += ['--symlink', os.readlink(path), path]
        elif os.path.isdir(path):
            arguments += ['--ro-bind', path, path]
    return arguments


def _devices(spec):
    """The files of the devices that it is granted, and what these share: of the machine's devices it sees no other."""
    granted = [path for device in spec['devices'] for path in device['files']]
    shared = [path for path in SHARED_DEVICES if granted and os.path.exists(path)]
    return [word for path in dict.fromkeys(granted + shared) for word in ('--dev-bind', path, path)]


def kind_of(spec):
    """`strict`, or `nested` where an operator lets the application make namespaces of its own."""
    return spec.get('sandbox') or 'strict'


def has_steps(spec):
    """Whether a shell runs the command, and tells of it; the application itself must not."""
    return bool(spec['before'] or spec['after'])


def step_names(spec):
    """What the shell may say that it does: an application can write where it says so."""
    return {_name(step) for step in (*spec['before'], spec['command'])}


def _name(step):
    return step['name'].replace('\n', ' ')[:200]


def command_of(spec):
    """The instance's command; with hooks around it, a shell that runs them in turn."""
    after = spec['after']
    if not has_steps(spec):
        return spec['command']['argv']
    steps = [('before', step) for step in spec['before']] + [('command', spec['command'])]
    steps += [(kind, after[kind]) for kind in ('succeeded', 'failed') if kind in after]
    words = []
    for kind, step in steps:
        words += [kind, _name(step), str(len(step['argv'])), *step['argv']]
    return ['/bin/bash', '-c', STEPS, 'steps', *words]


def limit_processes(pid, user=None):
    """Counted inside the instance's own user namespace. Where root may not, its own user may."""
    try:
        resource.prlimit(pid, resource.RLIMIT_NPROC, (MOST_PROCESSES, MOST_PROCESSES))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
    except PermissionError:
        if user is not None:
            _as_user(user, lambda: limit_processes(pid))
    except (OSError, ValueError):
        pass


def limit_processes_of_user():
    """
    Without a sandbox the kernel counts a user's processes and threads all together: so many more than there are
    now. It does not hold root.
    """
    most = processes_of_user(os.getuid()) + MOST_PROCESSES
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (allowed, allowed))


def _as_user(user, work):
    child = os.fork()
    if child == 0:
        try:
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            work()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
