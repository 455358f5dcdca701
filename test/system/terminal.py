"""
A terminal for a program, as a person has one: `terminal.py COLUMNS ROWS PROGRAM [ARGUMENT …]`. What comes on
standard input is typed, what the program shows goes to standard output, and each line "COLUMNS ROWS" on
descriptor 3 makes the window that large.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', int(rows), int(columns), 0, 0))


def main():
    columns, rows, *argv = sys.argv[1:]
    pid, terminal = pty.fork()
    if pid == 0:
        resize(0, columns, rows)
        os.close(3)
        os.execvp(argv[0], argv)
    sources = {0: lambda data: os.write(terminal, data), 3: lambda data: resize(terminal, *data.split()),
               terminal: lambda data: os.write(1, data)}
    while terminal in sources:
        for source in select.select(list(sources), [], [])[0]:
            try:
                data = os.read(source, 65536)
            except OSError:
                data = b''
            if data:
                sources[source](data)
            else:
                del sources[source]
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.exit(status if status >= 0 else 128 - status)


main()
