"""
The only place that starts other programs. Each gets an environment that is given here: a program that runs outside
a sandbox has nothing of this process's own in it, and nothing of a tenant's.
"""
import os
import subprocess

NOTHING, PIPE, Failed = subprocess.DEVNULL, subprocess.PIPE, subprocess.SubprocessError
#: What the platform's own helpers find; no more.
TOOLS = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG': 'C.UTF-8'}


def run(argv, text='', **how):
    """A helper of the platform's, to its end; what it is told is text on its standard input."""
    return subprocess.run(argv, input=text.encode(), capture_output=True, env=TOOLS, **how)


def start(argv, **how):
    """A helper that goes on, in a session of its own, with nothing to read."""
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True, env=TOOLS, **how)


def become(program, argv, environment):
    """This process is that program from here on."""
    os.execve(program, argv, environment)


def become_inside(argv, environment):
    """The same inside an instance, where a name is looked for as the instance's own PATH says."""
    os.execvpe(argv[0], argv, environment)
