"""A chat over WebSockets, with the standard library alone: what one says, all hear."""
import base64
import hashlib
import os
import signal
import socketserver
import struct
import sys
import threading

GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
LONGEST = 64 * 1024
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10

PAGE = b"""<!doctype html><meta charset=utf-8><title>Chat</title>
<form><input autofocus><button>Say</button></form><pre></pre><script>
const socket = new WebSocket(location.href.replace('http', 'ws'));
socket.onmessage = ({ data }) => document.querySelector('pre').append(data + '\\n');
document.forms[0].onsubmit = (event) => {
  event.preventDefault();
  socket.send(event.target[0].value);
  event.target.reset();
};
</script>"""

#: Who listens, each with a lock, since frames must not be mixed.
listeners = {}
changing = threading.Lock()


def frame(kind, payload):
    size = len(payload)
    if size < 126:
        return struct.pack('!BB', 0x80 | kind, size) + payload
    return struct.pack('!BBH', 0x80 | kind, 126, size) + payload if size < 1 << 16 else (
        struct.pack('!BBQ', 0x80 | kind, 127, size) + payload)


def send(connection, kind, payload):
    with changing:
        lock = listeners.get(connection)
    if lock is None:
        return
    try:
        with lock:
            connection.sendall(frame(kind, payload))
    except OSError:
        pass


class Visitor(socketserver.StreamRequestHandler):
    def handle(self):
        self.rfile.readline(LONGEST)
        headers = {}
        while (line := self.rfile.readline(LONGEST).strip()):
            name, _, value = line.decode('latin-1').partition(':')
            headers[name.lower()] = value.strip()
        key = headers.get('sec-websocket-key')
        if key is None:
            self.wfile.write(b'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n'
                             b'content-length: %d\r\n\r\n' % len(PAGE) + PAGE)
            return
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest())
        self.wfile.write(b'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n'
                         b'connection: Upgrade\r\nsec-websocket-accept: ' + accept + b'\r\n\r\n')
        with changing:
            listeners[self.connection] = threading.Lock()
        print(f'{len(listeners)} listen', flush=True)
        try:
            self.listen()
        finally:
            with changing:
                listeners.pop(self.connection, None)

    def listen(self):
        while (received := self.receive()) is not None:
            kind, payload = received
            if kind == CLOSE:
                send(self.connection, CLOSE, payload[:2])
                return
            if kind == PING:
                send(self.connection, PONG, payload)
            elif kind == TEXT:
                with changing:
                    everybody = list(listeners)
                for other in everybody:
                    send(other, TEXT, payload)

    def receive(self):
        """The next frame, or nothing where the visitor left or sends more than is taken."""
        head = self.rfile.read(2)
        if len(head) < 2:
            return None
        size = head[1] & 127
        if size >= 126:
            size = int.from_bytes(self.rfile.read(2 if size == 126 else 8), 'big')
        if size > LONGEST or not head[1] & 128:
            return None
        mask, payload = self.rfile.read(4), self.rfile.read(size)
        return head[0] & 15, bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with Server(('0.0.0.0', int(os.environ.get('PORT', '8080'))), Visitor) as server:
    print('listening', flush=True)
    server.serve_forever()
