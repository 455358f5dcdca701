"""
Brings into an application's tree what git only refers to: submodules at their commits, theirs too, and files that
Git LFS keeps elsewhere. Runs in the sandbox of a build. What cannot be had is said, in one line for each reason.
"""
import collections
import hashlib
import os
import queue
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

#: Said by the exit code: all that could be had is there, and what could not was named.
LEFT_OUT = 3
MOST_MODULES, DEEPEST = 500, 10
#: In seconds: until a host answers, for one repository, and for all of it.
REACHED_WITHIN, FETCHED_WITHIN, ALL_WITHIN = 5, 600, 1500
PORTS = {'https': 443, 'http': 80, 'ssh': 22, 'git': 9418}
POINTER, LONGEST_POINTER = b'version https://git-lfs.github.com/spec/', 1024
SHOWN = 5
#: What "git lfs install" would set; without, nothing is put into the tree.
FILTER = {'filter.lfs.clean': 'git-lfs clean -- %f', 'filter.lfs.smudge': 'git-lfs smudge -- %f', 'filter.lfs.required': 'true'}

CACHE = os.path.join(os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'), 'git')
ENVIRONMENT = {
    'GIT_SSH_COMMAND': 'ssh -o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=accept-new',
    **os.environ, 'GIT_TERMINAL_PROMPT': '0', 'GIT_ALLOW_PROTOCOL': 'https:http:ssh:git', 'GIT_CONFIG_NOSYSTEM': '1',
    'GIT_LITERAL_PATHSPECS': '1', 'GIT_LFS_SKIP_SMUDGE': '1', 'LC_ALL': 'C.UTF-8',
}
OPTIONS = ('-c', 'gc.auto=0', '-c', 'core.hooksPath=/dev/null', '-c', 'core.bare=false', '-c', 'http.lowSpeedLimit=1',
           '-c', 'http.lowSpeedTime=60', '-c', 'safe.directory=*')
#: Where a module is in the tree, the commit that is pinned, and the address of the repository that refers to it.
Module = collections.namedtuple('Module', 'path commit above depth')
ends = time.monotonic() + ALL_WITHIN


class Missing(Exception):
    """Something is not there, and why."""


class Failed(Missing):
    """What git said when it gave up."""


def run(*argv, within=60, environment=ENVIRONMENT, text=b''):
    """What a program prints. It and all that it started end with its time."""
    limit = max(1, min(within, ends - time.monotonic()))
    child = subprocess.Popen(argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = child.communicate(text, limit)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        raise Missing(f'it took longer than {limit:.0f} seconds') from None
    if child.returncode != 0:
        raise Failed(err.decode(errors='replace'))
    return out


def git(*argv, **more):
    return run('git', *OPTIONS, *argv, **more)


def setting(*argv):
    """What is set, or nothing."""
    try:
        return git('config', *argv).decode(errors='surrogateescape').rstrip('\n')
    except Failed:
        return ''


# -- addresses -----------------------------------------------------------------------------------------------------


def resolve(address, above):
    """A relative address begins where the repository is that refers to it; nobody knows that of a pushed one."""
    if not re.match(r'\.\.?/', address):
        return address
    if above is None:
        raise Missing(f'its address {hide(address)} is relative, and a push does not say to what: write all of it into '
                      '.gitmodules')
    base = above.rstrip('/')
    while match := re.match(r'\.\.?/+', address):
        address = address[match.end():]
        if match.group().startswith('..'):
            base = re.sub(r'[/:][^/:]*$', '', base) if re.search(r'[^/:]+[/:][^/:]*$', base) else base
    return f'{base}{":" if re.match(r"[^/:]+@[^/:]+$", base) else "/"}{address}'


def host_of(address):
    """Host and port of an address that builds fetch from."""
    try:
        found = urllib.parse.urlsplit(address)
        host, port = found.hostname, found.port
    except ValueError:
        raise Missing("its address cannot be read: a number or a slash stands behind a host's name and a colon, and "
                      'git@host:path goes without ssh://') from None
    if found.scheme in PORTS and host:
        return host, port or PORTS[found.scheme]
    short = re.match(r'(?:[^\s/@:-][^\s/@:]*@)?([\w.-]+):(?!//)', address)
    if short is None or found.scheme in ('file', 'ext') or '::' in address:
        raise Missing(f'its address {hide(address)} is none that builds fetch from (https, http, ssh, git)')
    return short.group(1), PORTS['ssh']


def hide(address):
    """Without what somebody may sign in with: before its host, and behind its path."""
    plain = re.sub(r'[?#].*', '', address, flags=re.DOTALL)
    return re.sub(r'^([\w.+-]*://|)(?!git@[^/@]*(/|$))[^/]*@', r'\1', plain)


def hide_in(text):
    """The same for the addresses in a text."""
    return re.sub(r"([\w.+-]+://)(?:[^/\s]*@)?([^\s'\"?#]*)(?:[?#][^\s'\"]*)?", r'\1\2', text)


answers = {}


def reach(address):
    """Raises where the host of the address does not answer, which is asked once."""
    host, port = place = host_of(os.fsdecode(git('ls-remote', '--get-url', '--', address)).strip())
    names = ('https_proxy', 'http_proxy', 'all_proxy')
    if port not in (PORTS['ssh'], PORTS['git']) and any(os.environ.get(name) or os.environ.get(name.upper()) for name in names):
        return
    if place not in answers:
        told = queue.Queue()
        threading.Thread(target=lambda: told.put(_connect(place)), daemon=True).start()
        try:
            answers[place] = told.get(timeout=REACHED_WITHIN)
        except queue.Empty:
            answers[place] = f'no answer within {REACHED_WITHIN} seconds'
    if answers[place]:
        raise Missing(f'{host} cannot be reached from builds ({answers[place]})')


def _connect(place):
    try:
        socket.create_connection(place, REACHED_WITHIN).close()
    except (OSError, ValueError) as error:
        return why(error)
    return None


#: What one module, or the contents of one repository, ends with: the rest is fetched all the same.
ENDS_ONE = (Missing, OSError, ValueError)


def why(error):
    if isinstance(error, Failed):
        return explain(str(error))
    return getattr(error, 'strerror', None) or str(error)


def explain(said):
    """What git said, in a sentence that says what to do where that is known."""
    if re.search(r'could not read (Username|Password)|Authentication failed|returned error: 40[13]', said):
        return ('it asks who you are: write its SSH address into .gitmodules, and set CC_SSH_PRIVATE_KEY to a key that '
                'may read it')
    if re.search(r'Permission denied|Host key verification failed', said):
        return 'SSH lets nobody in with the key of this application: set CC_SSH_PRIVATE_KEY to one that may read it'
    if told := re.search(r'\[\d{3}\] .*', said):
        return hide_in(told.group())[:300]
    lines = [line for line in said.split('\n') if line.strip()] or ['git does not say why']
    last = next((line for line in reversed(lines) if re.match('fatal|error', line)), lines[-1])
    return hide_in(re.sub(r'^(fatal|error): ', '', last))[:300]


# -- submodules ----------------------------------------------------------------------------------------------------


def addresses_in(folder):
    """The address of each path that `.gitmodules` names, or how it is to be updated where that is not at all."""
    path = os.path.join(folder, b'.gitmodules')
    if not os.path.lexists(path):
        return {}
    found = collections.defaultdict(dict)
    for entry in git('config', '-z', '-f', path, '--list').split(b'\0'):
        match = re.fullmatch(rb'submodule\.(.*)\.(path|url|update)\n(.*)', entry, re.DOTALL)
        if match:
            found[match.group(1)][match.group(2)] = match.group(3)
    return {one[b'path'].rstrip(b'/'): one for one in found.values() if b'path' in one}


def fetch(address, commit, afresh):
    """The repository in the download cache that has the commit; what is there already is not fetched again."""
    repository = os.path.join(CACHE, 'modules', hashlib.sha256(os.fsencode(address)).hexdigest()[:32])
    here = f'--git-dir={repository}'
    if afresh:
        shutil.rmtree(repository, ignore_errors=True)
    git('init', '--quiet', '--bare', repository)
    if _has(here, commit):
        return repository
    reach(address)
    try:
        git(here, 'fetch', '--quiet', '--no-tags', '--depth=1', '--', address, commit, within=FETCHED_WITHIN)
    except Failed as failed:
        if not re.search(r'not our ref|unadvertised|shallow|not allow|want', str(failed)):
            raise
        branches = ('+refs/heads/*:refs/from/heads/*', '+refs/tags/*:refs/from/tags/*')
        git(here, 'fetch', '--quiet', '--', address, *branches, within=FETCHED_WITHIN)
    if not _has(here, commit):
        raise Missing(f'its repository has no commit {commit} (any more)')
    return repository


def _has(here, commit):
    try:
        git(here, 'cat-file', '-e', f'{commit}^{{tree}}')
    except Failed:
        return False
    return True


def place(module, known, afresh):
    """Writes a module into its folder; its address and the modules in it, or None where it wants to be left alone."""
    name = module.path[len(module.above.path) + 1:] if module.above.path else module.path
    wanted = known.get(name)
    if wanted is None or b'url' not in wanted:
        raise Missing('.gitmodules names no address for it: "git submodule add" does, and "git rm --cached" forgets a '
                      'repository that was added by mistake')
    if wanted.get(b'update') == b'none':
        return None
    address = resolve(os.fsdecode(wanted[b'url']), module.above.address)
    host_of(address)
    repository = fetch(address, module.commit, afresh)
    os.makedirs(module.path, exist_ok=True)
    index = os.path.join(repository, 'index')
    if os.path.lexists(index):
        os.unlink(index)
    tree = b'--work-tree=' + os.path.abspath(module.path)
    git(f'--git-dir={repository}', tree, 'read-tree', '--reset', '-u', module.commit, within=FETCHED_WITHIN)
    listed = git(f'--git-dir={repository}', 'ls-tree', '-r', '-z', '--full-tree', module.commit).split(b'\0')
    inner = [line.split(b'\t', 1) for line in listed if line.startswith(b'160000 ')]
    return address, [(path, head.split()[2].decode()) for head, path in inner]


Place = collections.namedtuple('Place', 'path address')


def fetch_modules(top, afresh, missing):
    """All modules, and theirs; the places that files were written to."""
    places = [Place(b'', None)]
    waiting = collections.deque(Module(path, commit, places[0], 1) for path, commit in top)
    known, count = {}, 0
    while waiting:
        module = waiting.popleft()
        count += 1
        try:
            if count > MOST_MODULES or module.depth > DEEPEST:
                raise Missing(f'more than {MOST_MODULES} of them, or {DEEPEST} in each other, are not fetched')
            if module.above.path not in known:
                known[module.above.path] = addresses_in(module.above.path)
            placed = place(module, known[module.above.path], afresh)
        except ENDS_ONE as error:
            missing.setdefault(why(error), []).append(module.path)
            continue
        if placed is None:
            continue
        address, inner = placed
        print(f'Submodule {show(module.path)} is at {module.commit[:12]} of {hide(address)}', flush=True)
        places.append(Place(module.path, address))
        waiting.extend(Module(os.path.join(module.path, path), commit, places[-1], module.depth + 1) for path, commit in inner)
    return places


# -- files that Git LFS keeps ----------------------------------------------------------------------------------------


def pointers_in(folder, others):
    """The files below a folder, but for those of other repositories in it, that say where their content is kept."""
    found, marked = [], False
    for above, folders, files in os.walk(folder or b'.'):
        folders[:] = [name for name in folders if _join(above, name) not in others]
        for name in files:
            path = _join(above, name)
            status = os.lstat(path)
            if not stat.S_ISREG(status.st_mode):
                continue
            if name == b'.gitattributes':
                marked = marked or b'filter=lfs' in _begin(path, 1 << 20)
            elif status.st_size <= LONGEST_POINTER and _begin(path, len(POINTER)) == POINTER:
                found.append(path)
    return sorted(found) if marked else []


def _join(above, name):
    return os.path.normpath(os.path.join(above, name))


def _begin(path, most):
    with open(path, 'rb') as file:
        return file.read(most)


def resolve_pointers(at, pointers):
    """Puts the contents in the place of the pointers; raises where that is not possible."""
    config = os.path.join(at.path, b'.lfsconfig')
    named = setting('--get', 'lfs.url') or setting('-f', config, '--get', 'lfs.url')
    named = named or setting('-f', config, '--get-regexp', r'^remote\..*\.lfsurl$').partition(' ')[2]
    server = named or at.address
    if server is None:
        raise Missing('no server is named: git config -f .lfsconfig lfs.url https://…/info/lfs')
    if shutil.which('git-lfs') is None:
        raise Missing('this machine has no git-lfs: its operator can install it')
    reach(server)
    os.makedirs(CACHE, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as repository:
        root = os.path.abspath(at.path or b'.')
        environment = {**ENVIRONMENT, 'GIT_DIR': repository, 'GIT_WORK_TREE': os.fsdecode(root)}
        environment.pop('GIT_LFS_SKIP_SMUDGE')
        git('init', '--quiet', environment=environment)
        names = b'\0'.join(os.path.relpath(path, at.path or b'.') for path in pointers)
        list_of = ('--pathspec-from-file=-', '--pathspec-file-nul')
        git('-C', root, 'add', '--force', *list_of, text=names, environment=environment)
        who = ('-c', 'user.name=build', '-c', 'user.email=build@localhost')
        git(*who, 'commit', '--quiet', '--no-verify', '--message=pointers', environment=environment)
        storage = os.path.join(os.path.dirname(CACHE), 'lfs')
        values = {**FILTER, 'lfs.storage': storage, 'remote.origin.url': server, **({'lfs.url': named} if named else {})}
        lfs = ('-C', root, *(word for name, value in values.items() for word in ('-c', f'{name}={value}')), 'lfs')
        try:
            git(*lfs, 'fetch', within=ALL_WITHIN, environment=environment)
        finally:
            git(*lfs, 'checkout', within=FETCHED_WITHIN, environment=environment)


def fetch_contents(places, missing):
    others = {os.path.normpath(at.path) for at in places if at.path}
    for at in places:
        pointers = pointers_in(at.path, others - {os.path.normpath(at.path or b'.')})
        if not pointers:
            continue
        reason = 'git-lfs left them as they were'
        try:
            resolve_pointers(at, pointers)
        except ENDS_ONE as error:
            reason = why(error)
        left = [path for path in pointers if _begin(path, len(POINTER)) == POINTER]
        if left:
            missing.setdefault(reason, []).extend(left)
        if len(left) < len(pointers):
            print(f'Git LFS: {len(pointers) - len(left)} files fetched', flush=True)


# -- what is said --------------------------------------------------------------------------------------------------


def show(path):
    """As it is, or escaped as git does."""
    try:
        if re.search(rb'[\0-\x1f\x7f"\\]', path) is None:
            return path.decode()
    except UnicodeDecodeError:
        pass
    return '"' + ''.join(chr(one) if 32 <= one < 127 and one not in b'"\\' else f'\\{one:03o}' for one in path) + '"'


def names_of(paths):
    more = f' and {len(paths) - SHOWN} more' if len(paths) > SHOWN else ''
    return ', '.join(show(path) for path in paths[:SHOWN]) + more


def main(afresh, contents, *words):
    sys.stdout.reconfigure(errors='backslashreplace')  # an address may be of any bytes
    top = [(urllib.parse.unquote_to_bytes(path), commit) for path, commit in zip(words[::2], words[1::2])]
    modules, files = {}, {}
    places = fetch_modules(top, afresh == 'afresh', modules)
    if os.environ.get('GIT_LFS_SKIP_SMUDGE', '0').lower() in ('', '0', 'false', 'no', 'off'):
        fetch_contents(places if contents == 'contents' else places[1:], files)
    for reason, paths in modules.items():
        what, verb = ('Submodule', 'is') if len(paths) == 1 else (f'{len(paths)} submodules:', 'are')
        print(f'{what} {names_of(paths)} {verb} missing: {reason}.')
    for reason, paths in files.items():
        what = '1 file has' if len(paths) == 1 else f'{len(paths)} files have'
        print(f'{what} a pointer of Git LFS in place of the content ({names_of(paths)}): {reason}.')
    sys.exit(LEFT_OUT if modules or files else 0)


if __name__ == '__main__':
    main(*sys.argv[1:])
