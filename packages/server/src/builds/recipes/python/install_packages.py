"""
Installs what a list of packages says into an environment. Lists are pip's: uv, which is faster, gets those that mean
the same to it, whatever else they say is left to pip. Run in the build's sandbox, by the application's own Python.
"""
import glob
import json
import os
import re
import subprocess
import sys

NAME = r'[A-Za-z0-9][\w.-]*\s*(\[[\w\s,.-]*\])?'
VERSION = (r'v?(\d+!)?\d+(\.\d+)*([-_.]?(a|b|c|rc|alpha|beta|pre|preview|post|rev|r|dev)[-_.]?\d*)*(-\d+)?'
           r'(\+[a-z0-9]+([-_.][a-z0-9]+)*)?')
CLAUSE = rf'((==|!=)\s*{VERSION}(\.\*)?|(<=|>=|<|>|~=)\s*{VERSION})'
REQUIREMENT = re.compile(rf'{NAME}\s*({CLAUSE}(\s*,\s*{CLAUSE})*)?\s*(;.*)?', re.IGNORECASE)
ADDRESS = re.compile(rf'({NAME}\s*@\s*)?(git\+(https?|ssh|file)|https?|file)://\S+(\s*;.*|\s+;.*)?')
ARCHIVE = re.compile(r'[\w./~+-]+\.(whl|zip|tar\.gz|tgz)(\[[\w\s,.-]*\])?(\s*;.*)?')
FOLDER = re.compile(r'(\.{0,2}/)[\w./+-]*(\[[\w\s,.-]*\])?|\.{1,2}(\[[\w\s,.-]*\])?')
HASHES = re.compile(r'(\s+--hash=\w+:[0-9a-f]+)+$')
COMMENT = re.compile(r'(^|\s+)#.*$')
OPTION = re.compile(r'(--?[a-z][\w-]*)(?:\s*=\s*|\s+|$)(.*)')
ODD = re.compile('[\\x00-\\x08\\x0b-\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028\\u2029]')
PLAIN = re.compile(r'[\w./@+~-]+')


class PipAlone(Exception):
    """Why a list is not for uv."""


def join_lines(text):
    """The lines as pip joins them, each with its number."""
    joined, began = '', 0
    for number, line in enumerate(re.split(r'\r\n|\n|\r', text), 1):
        is_comment = COMMENT.match(line) is not None
        began = began or number
        if line.endswith('\\') and not is_comment:
            joined += line.strip('\\')
            continue
        yield began, COMMENT.sub('', joined + (' ' if is_comment else '') + line).strip()
        joined, began = '', 0
    if joined:
        yield began, COMMENT.sub('', joined).strip()


def read_list(path, seen, found):
    """What uv must be told besides: its options, in `found`. Raises PipAlone where a line is not for it."""
    if path in seen:
        return
    seen.add(path)
    try:
        with open(path, 'rb') as file:
            text = file.read().decode('utf-8')
    except UnicodeDecodeError:
        raise PipAlone(f'{path} is not written in UTF-8')
    if text.startswith('\ufeff'):
        raise PipAlone(f'{path} begins with a mark of its encoding')
    if ODD.search(text):
        raise PipAlone(f'{path} holds what ends a line for pip alone')
    for number, line in join_lines(text):
        if line and not read_line(line, path, seen, found):
            raise PipAlone(f'{path} says in line {number} what pip alone takes{named_in(line)}')


def named_in(line):
    """Its first option alone: any word of a line may be what somebody signs in with."""
    found = re.match(r'-[a-z]|--[a-z-]+(?=[\s=]|$)', line) or re.search(r'(?<=\s)--[a-z-]+(?=[\s=]|$)', line)
    return f' ({found.group()})' if found else ''


def read_line(line, path, seen, found):
    if not line.startswith('-'):
        return is_requirement(HASHES.sub('', line), path)
    option, value = OPTION.fullmatch(line).groups() if OPTION.fullmatch(line) else (line, '')
    if value == '' or re.search(r'[\s\'"\\]', value):
        return value == '' and read_flag(option, found)
    if option in ('-r', '--requirement', '-c', '--constraint'):
        return '://' in value or include(value, path, seen, found)
    if option in ('-e', '--editable'):
        return is_folder(value)
    if option in ('-i', '--index-url', '--extra-index-url'):
        found['indexes'] = found.get('indexes') or option == '--extra-index-url'
        return '://' in value
    if option in ('-f', '--find-links'):
        return '://' in value or (os.path.dirname(path) == '' and os.path.isdir(value))
    if option in ('--no-binary', '--only-binary'):
        return re.fullmatch(r'[\w.-]+|:(all|none):', value) is not None
    if option == '--trusted-host':
        found['options'] += ['--allow-insecure-host', value]
        return True
    return False


def read_flag(flag, found):
    same = {'--pre': ['--prerelease', 'allow'], '--require-hashes': ['--require-hashes'], '--no-index': []}
    found['options'] += same.get(flag, [])
    return flag in same


def include(value, path, seen, found):
    """Another list, whose name is relative to the one that names it."""
    if not PLAIN.fullmatch(value):
        return False
    read_list(os.path.join(os.path.dirname(path), value), seen, found)
    return True


def is_requirement(line, path):
    if REQUIREMENT.fullmatch(line):
        return True
    if ADDRESS.fullmatch(line):
        return True
    # in a list elsewhere pip goes from the working directory, uv from the list
    return os.path.dirname(path) == '' and (ARCHIVE.fullmatch(line) is not None or is_folder(line))


def is_folder(value):
    return (FOLDER.fullmatch(value) or PLAIN.fullmatch(value)) is not None and os.path.isdir(value.split('[')[0])


def plan(given):
    """Whose the list is: the options for uv, or the reason to take pip."""
    path = given['path']
    if given['pip'] or not given['uv']:
        return None, ''
    if given['kind'] != 'list':
        return [], ''
    if path.endswith('.toml'):
        return [], ''
    if given['pipAlone']:
        return None, f"{' and '.join(given['pipAlone'])}: uv has no such setting"
    found = {'options': [], 'indexes': 'PIP_EXTRA_INDEX_URL' in os.environ}
    try:
        if os.path.exists(path):
            read_list(path, set(), found)
    except PipAlone as why:
        return None, str(why)
    except OSError:
        pass  # the installer says it in its own words
    said = any(name in os.environ for name in ('UV_INDEX_STRATEGY', 'UV_EXTRA_INDEX_URL'))
    own = os.environ.get('UV_INDEX', '').strip() not in ('', os.environ.get('PIP_EXTRA_INDEX_URL', '').strip())
    # of pip's indexes none comes before the others, as the pages of packages that name one count on
    best = ['--index-strategy', 'unsafe-best-match'] if found['indexes'] and not said and not own else []
    return best + found['options'], ''


def make_environment(given, lists):
    """Where nothing is listed, beside what the machine's Python has."""
    uv, python, place = given['uv'], given['python'], given['place']
    beside = [] if lists else ['--system-site-packages']
    if uv:
        make = [uv, 'venv', '--quiet', '--allow-existing', '--relocatable', *beside, '--python', python, place]
        made = subprocess.run(make).returncode
        if made or given['options'] is not None or add_pip(given):
            return made
    return subprocess.run([python, '-m', 'venv', '--clear', *beside, place]).returncode


def add_pip(given):
    """Others call it; whether it is there. What is wished for other packages does not count for it."""
    wishes = re.compile('UV_(REQUIRE_HASHES|(BUILD_)?CONSTRAINT|OVERRIDE|NO_BINARY|NO_BUILD)')
    seen = {name: value for name, value in os.environ.items() if not wishes.match(name)}
    install = [given['uv'], 'pip', 'install', '--quiet', '--python', f"{given['place']}/bin/python", 'pip']
    return subprocess.run(install, env=seen, stderr=subprocess.DEVNULL).returncode == 0


def install_list(given, inner):
    """A list of pip's, or one that uv reads alone."""
    options, why = given['options'], given['why']
    if why:
        print(f'Installing with pip: {why}', flush=True)
    if options is None:
        return with_pip(given, inner, ['-r', given['path']])
    return with_uv(given, inner, [*options, '-r', given['path']])


def install_folder(given, inner):
    """The project itself, as it stands."""
    return (with_pip if given['options'] is None else with_uv)(given, inner, ['-e', '.'])


def with_pip(given, inner, words):
    version = given['pip']
    if version:
        status = subprocess.run([inner, '-m', 'pip', 'install', '--quiet', f'pip=={version}.*']).returncode
        if status:
            return status
    return subprocess.run([inner, '-m', 'pip', 'install', *words]).returncode or RAN_OTHERS


def with_uv(given, inner, words):
    status = subprocess.run([given['uv'], 'pip', 'install', '--compile-bytecode', '--python', inner, *words]).returncode
    if status > 0:
        print('uv could not install this, as is said above. Where pip can, set CC_PIP_VERSION (25, for example): '
              'then pip installs it.', file=sys.stderr, flush=True)
    return status


def sync(given, inner):
    os.environ.pop('UV_NO_SYNC', None)
    os.environ['UV_COMPILE_BYTECODE'] = '1'
    return subprocess.run([given['uv'], 'sync', '--python', given['python'], *given['words']]).returncode


def run_pipenv(given, inner):
    """Pipenv itself knows what its files mean; it installs into the environment that it is run in."""
    os.environ.update(PIPENV_NOSPIN='1', PIPENV_VERBOSITY='-1', PIPENV_IGNORE_VIRTUALENVS='0', NO_COLOR='1')
    pipenv = [given['uv'], 'tool', 'run', '--quiet', '--python', given['python'], 'pipenv', *given['words']]
    return subprocess.run(pipenv).returncode or RAN_OTHERS


#: How scripts of packages begin that pip has written, and so that they find the Python beside them wherever they are.
BEGINS = r"""#!(?:/bin/sh\n'''exec' "?)?%s/bin/(python[\d.]*)"?(?: "\$0" "\$@"\n' ''')?\n"""
BESIDE = """#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")"/'%s' "$0" "$@"
' '''
"""


def free_scripts(place):
    """What is installed gets another place, where nothing mounts it."""
    begins = re.compile((BEGINS % re.escape(place)).encode())
    for path in glob.glob(f'{glob.escape(place)}/bin/*'):
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        with open(path, 'rb') as file:
            found = begins.match(file.read(8192))
            text = found and found.string[found.end():] + file.read()
        if found:
            mode = os.stat(path).st_mode
            os.unlink(path)  # it may be read-only
            with open(path, 'wb') as file:
                file.write((BESIDE % found.group(1).decode()).encode() + text)
            os.chmod(path, mode)


KINDS = {'list': install_list, 'folder': install_folder, 'sync': sync, 'pipenv': run_pipenv}
#: Ends what went well, where it was not uv that did it.
RAN_OTHERS = 100


def main(text):
    given = json.loads(text)
    if given['instead'] and os.path.exists(given['instead']):
        given.update(kind='list', path=given['instead'])
    place, path = given['place'], given['path']
    for name in ('PIP_TARGET', 'PIP_PREFIX', 'PIP_ROOT', 'PIP_USER'):
        os.environ.pop(name, None)  # packages go where they are looked for
    os.environ['UV_LINK_MODE'] = 'copy'
    lists = os.path.exists(path)
    given['options'], given['why'] = plan(given)
    status = make_environment(given, lists)
    if status == 0 and lists:
        status = KINDS[given['kind']](given, f'{place}/bin/python')
    if status in (0, RAN_OTHERS) and given['options'] is not None:
        add_pip(given)  # last of all: uv compiles whatever is there
    if status in (0, RAN_OTHERS):
        free_scripts(place)
    if status in (0, RAN_OTHERS) and glob.glob(f'{place}/lib/python*/site-packages/nltk'):
        os.makedirs(f'{place}/nltk_data', exist_ok=True)  # where NLTK puts its data, rather than into a home that goes
    return status if status >= 0 else 128 - status


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
