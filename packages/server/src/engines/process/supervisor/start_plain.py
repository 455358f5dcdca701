"""
Starts an instance on a machine without namespaces: nothing keeps it apart there. It is of the platform's own user and
can do whatever that user can, to the platform and to other instances; what is withheld here is withheld from accident.
"""
import os
import re
import shlex
import signal
import socket

import linux
import programs
import sandbox
import trees
import variables


def start(supervisor):
    """A copy of the files, and a port of the platform's choice."""
    spec = supervisor.spec
    application = spec['files']['application']
    folder = application['source']
    if application['access'] == 'throw-away':
        folder = f'{supervisor.scratch}/application'
        trees.copy(application['source'], folder)
    supervisor.directory_inside = folder + spec['workingDirectory'][len(application['mountedAt']):]
    environment, shared = spec['files'].get('environment'), spec['files'].get('shared')
    if environment and environment['access'] == 'writable':
        trees.make_closed(environment['source'])
    if shared:
        sandbox.share(shared['source'], supervisor.user)
    port = find_port() if spec.get('port') is not None else None
    given = plain_variables(supervisor, folder, port)
    supervisor.variables = variables.keep_variables(given)
    linux.adopt_orphans()
    supervisor.child = os.fork()
    if supervisor.child == 0:
        become_plain(supervisor, given)
    supervisor.inner = supervisor.child
    supervisor.streams.give_away()
    supervisor.port = port
    supervisor.tell_started(None if port is None else {'host': '127.0.0.1', 'port': port})


def find_port():
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return free.getsockname()[1]


def become_plain(supervisor, given):
    try:
        linux.die_with_parent()
        os.umask(0o022)
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        supervisor.streams.take(with_steps=sandbox.has_steps(supervisor.spec))
        if supervisor.group:
            supervisor.group.join()
        sandbox.limit_processes_of_user()
        os.chdir(supervisor.directory_inside)
        places = plain_places(supervisor.spec['files'])
        argv = [plain_path(word, places) for word in sandbox.command_of(supervisor.spec)]
        linux.leave_keyring()
        linux.gain_nothing()
        programs.become(find_program(argv[0], given), argv, given)
    except BaseException as error:  # noqa: BLE001
        os.write(2, f'{type(error).__name__}: {error}\n'.encode())
        os._exit(127)


def find_program(name, given):
    """Where its own PATH has it."""
    if '/' in name:
        return name
    for place in given.get('PATH', '').split(':'):
        if os.access(os.path.join(place, name), os.X_OK):
            return os.path.join(place, name)
    raise FileNotFoundError(name)


def plain_variables(supervisor, folder, port):
    files = supervisor.spec['files']
    places = {**plain_places(files), files['application']['mountedAt']: folder}
    home = f'{supervisor.scratch}/home'
    changed = {name: plain_path(value, places) for name, value in supervisor.spec['environment'].items()}
    cache = files.get('cache')
    if cache:
        os.makedirs(cache['source'], exist_ok=True)
        changed['XDG_CACHE_HOME'] = cache['source']
    changed['HOME'] = home
    changed.setdefault('TMPDIR', sandbox.make_temporary(f'{supervisor.scratch}/tmp'))
    if port is not None:
        changed['PORT'] = str(port)
    os.makedirs(home, exist_ok=True)
    with open(f'{home}/.profile', 'w') as file:
        file.write(f"PATH={shlex.quote(changed.get('PATH', os.defpath))}\n{sandbox.PROFILE}")
    return changed


def plain_places(files):
    """What is elsewhere without a sandbox, the application left out: from where one sees it to where it is."""
    environment, shared = files.get('environment'), files.get('shared')
    places = {'/opt/env': environment['source']} if environment else {}
    return {**places, shared['mountedAt']: shared['source']} if shared else places


def plain_path(text, places):
    """Paths of the sandbox, as they are without one."""
    inner_first = sorted(places, key=len, reverse=True)
    known = '|'.join(re.escape(place) for place in inner_first)
    return re.sub(rf'({known})(?![\w.-])', lambda found: places[found[0]], text) if known else text
