"""What programs of Python do every day, with the system calls that this takes."""
import asyncio
import ctypes
import multiprocessing
import multiprocessing.shared_memory
import os
import platform
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time


def square(number):
    return number * number


def many_threads():
    gate, ended = threading.Barrier(200), []
    threads = [threading.Thread(target=lambda: ended.append(gate.wait())) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(ended)


def pool(method):
    with multiprocessing.get_context(method).Pool(2) as workers:
        return workers.map(square, range(10))


def shared_memory():
    block = multiprocessing.shared_memory.SharedMemory(create=True, size=1 << 20)
    try:
        block.buf[:5] = b"hello"
        other = multiprocessing.shared_memory.SharedMemory(block.name)
        try:
            return bytes(other.buf[:5])
        finally:
            other.close()
    finally:
        block.close()
        block.unlink()


def semaphore():
    """sem_open(3), by name in /dev/shm."""
    lock = multiprocessing.Lock()
    with lock:
        return lock.acquire(block=False)


async def conversations():
    async def serve(reader, writer):
        writer.write(await reader.readline())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"echo\n")
    said = await reader.readline()
    child = await asyncio.create_subprocess_exec("/bin/echo", "child", stdout=subprocess.PIPE)
    out, _ = await child.communicate()
    server.close()
    return said, out


def spawned():
    pid = os.posix_spawn("/bin/true", ["true"], os.environ)
    return os.waitpid(pid, 0)[1]


def files():
    places = []
    for folder in (None, "/var/tmp", "/dev/shm", "/run", os.path.expanduser("~")):
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"x")
            places.append(os.path.getsize(file.name))
    return places


def descriptors():
    pair = socket.socketpair()
    queue = select.epoll()
    queue.register(pair[1], select.EPOLLIN)
    pair[0].send(b"x")
    return len(queue.poll(1))


CHECKS = {
    "threads": (many_threads, 200),
    "fork": (lambda: pool("fork"), [square(one) for one in range(10)]),
    "spawn": (lambda: pool("spawn"), [square(one) for one in range(10)]),
    "forkserver": (lambda: pool("forkserver"), [square(one) for one in range(10)]),
    "shared memory": (shared_memory, b"hello"),
    "semaphore": (semaphore, False),
    "subprocess": (lambda: subprocess.run(["/bin/sh", "-c", "exit 3"]).returncode, 3),
    "posix_spawn": (spawned, 0),
    "asyncio": (lambda: asyncio.run(conversations()), (b"echo\n", b"child\n")),
    "files": (files, [0] * 5),
    "descriptors": (descriptors, 1),
    "load": (lambda: len(os.getloadavg()), 3),
    "processors": (lambda: len(os.sched_getaffinity(0)) > 0 and os.cpu_count() > 0, True),
    "names": (lambda: socket.getaddrinfo("localhost", 80)[0][4][1], 80),
    "interfaces": (lambda: "lo" in [name for _, name in socket.if_nameindex()], True),
    "library": (lambda: ctypes.CDLL(None).getpid() == os.getpid(), True),
    "machine": (lambda: bool(platform.machine()), True),
    "clock": (lambda: time.clock_gettime(time.CLOCK_MONOTONIC) > 0, True),
    "random": (lambda: len(os.urandom(8)), 8),
    "user": (lambda: os.path.expanduser("~") == os.environ["HOME"], True),
}


def main():
    for name, (check, expected) in CHECKS.items():
        try:
            found = check()
        except Exception as error:  # noqa: BLE001
            found = f"{type(error).__name__}: {error}"
        if found != expected:
            print(f"wrong: {name}: {found}")
    print("all tried", file=sys.stdout)


if __name__ == "__main__":
    main()
