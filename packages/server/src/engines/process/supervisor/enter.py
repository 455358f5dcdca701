"""
Opens listening sockets on this host, joins namespaces where there are any, and becomes another program that
finds the sockets at descriptors 3 and 4: `enter.py USERNS NETNS ADDRESS HTTP HTTPS PROGRAM [ARGUMENT …]`.
HTTP and HTTPS are ports: one that is `own:…` and that anybody listens on is refused; one that is `shared:…`
may be a router's of the same user.
"""
import fcntl
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import linux  # noqa: E402
import programs  # noqa: E402

FIRST = 3


def listen(address, port):
    use, number = port.split(':')
    listener = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(use == 'shared'))
    try:
        listener.bind((address, int(number)))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.listen(1024)
    except OSError as error:
        sys.exit(f'port {number} of {address} cannot be used: {error.strerror}')
    return listener


def hand_over(listeners):
    """Puts the sockets where the program looks for them, by way of descriptors that are nobody's."""
    free = FIRST + len(listeners)
    copies = [fcntl.fcntl(listener, fcntl.F_DUPFD_CLOEXEC, free) for listener in listeners]
    for place, copy in enumerate(copies, FIRST):
        os.dup2(copy, place)


def main():
    userns, netns, address, http, https, *program = sys.argv[1:]
    listeners = [listen(address, port) for port in (http, https)]
    if userns:
        linux.setns(userns, linux.NEWUSER)
        linux.setns(netns, linux.NEWNET)
    hand_over(listeners)
    programs.become(program[0], program, dict(os.environ))


main()
