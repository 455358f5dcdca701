"""
Opens a listening socket on this host, joins namespaces, and becomes another program that finds the
socket at descriptor 3: `enter.py USERNS NETNS ADDRESS PORT PROGRAM [ARGUMENT …]`.
"""
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import linux  # noqa: E402


def main():
    userns, netns, address, port, *program = sys.argv[1:]
    listener = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((address, int(port)))
    listener.listen(1024)
    if userns:
        linux.setns(userns, linux.NEWUSER)
    linux.setns(netns, linux.NEWNET)
    os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    os.execv(program[0], program)


main()
