"""
Opens a listening socket on this host, joins namespaces where there are any, and becomes another program
that finds the socket at descriptor 3: `enter.py USERNS NETNS ADDRESS PORT own|shared PROGRAM [ARGUMENT …]`.
An `own` port that anybody listens on is refused; a `shared` one may be a router's of the same user.
"""
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import linux  # noqa: E402

FIRST = 3


def listen(address, port, shared):
    listener = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
    try:
        listener.bind((address, port))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.listen(1024)
    except OSError as error:
        sys.exit(f'port {port} of {address} cannot be used: {error.strerror}')
    return listener


def main():
    userns, netns, address, port, use, *program = sys.argv[1:]
    listener = listen(address, int(port), use == 'shared')
    if userns:
        linux.setns(userns, linux.NEWUSER)
        linux.setns(netns, linux.NEWNET)
    os.dup2(listener.fileno(), FIRST)
    os.set_inheritable(FIRST, True)
    os.execv(program[0], program)


main()
