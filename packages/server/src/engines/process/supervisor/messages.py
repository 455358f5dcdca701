"""How the launcher and whoever asks it speak: four bytes of length (big endian), then JSON."""
import json
import struct


def receive(connection):
    length = struct.unpack('>I', _read_exactly(connection, 4))[0]
    return json.loads(_read_exactly(connection, length))


def _read_exactly(connection, length):
    parts = []
    while length > 0:
        part = connection.recv(length)
        if not part:
            raise OSError('the message broke off')
        parts.append(part)
        length -= len(part)
    return b''.join(parts)


def send(connection, value):
    data = json.dumps(value).encode()
    connection.sendall(struct.pack('>I', len(data)) + data)


def tell(connection, value):
    """Whoever asked may be gone by now; what was begun for them goes on all the same."""
    try:
        send(connection, value)
    except OSError:
        pass
