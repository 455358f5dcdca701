"""Links, addresses and routes by rtnetlink(7), without a program to start for each."""
import os
import socket
import struct

NEWLINK, DELLINK, NEWADDR, NEWROUTE = 16, 17, 20, 24
_REQUEST, _ACK, _EXCL, _CREATE = 0x1, 0x4, 0x200, 0x400
_MADE = _EXCL | _CREATE
_ERROR = 2
_UP = 1
_INET = socket.AF_INET
# attributes of links (if_link.h), of a pair of them (veth.h), of addresses and of routes
_ADDRESS, _NAME, _MASTER, _INFO, _NAMESPACE_OF = 1, 3, 10, 18, 19
_KIND, _DATA, _PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_OIF, _RTA_GATEWAY = 4, 5
_MAIN, _BOOT, _UNICAST = 254, 3, 1


class Netlink:
    """It stays in the network namespace that it was made in."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _ask(self, kind, flags, body):
        head = struct.pack('=IHHII', 16 + len(body), kind, flags | _REQUEST | _ACK, 1, 0)
        self.socket.sendto(head + body, (0, 0))
        answered, error = struct.unpack_from('=4xH10xi', self.socket.recv(8192))
        if answered == _ERROR and error != 0:
            raise OSError(-error, os.strerror(-error))

    def add_bridge(self, name, hardware):
        info = _attribute(_KIND, b'bridge')
        body = _link(0) + _text(_NAME, name) + _attribute(_ADDRESS, hardware) + _attribute(_INFO, info)
        self._ask(NEWLINK, _MADE, body)

    def add_cable(self, name, bridge, peer):
        """One end on the bridge; the other is `eth0` of the namespace that process `peer[0]` is in."""
        pid, hardware = peer
        far = _link(0, up=0) + _text(_NAME, 'eth0') + _attribute(_ADDRESS, hardware) + _number(_NAMESPACE_OF, pid)
        info = _attribute(_KIND, b'veth') + _attribute(_DATA, _attribute(_PEER, far))
        self._ask(NEWLINK, _MADE, _link(0) + _text(_NAME, name) + _number(_MASTER, bridge) + _attribute(_INFO, info))

    def remove_cable(self, name):
        self._ask(DELLINK, 0, _link(0, up=0) + _text(_NAME, name))

    def set_up(self, index):
        self._ask(NEWLINK, 0, _link(index))

    def add_address(self, index, address, prefix):
        value = socket.inet_aton(address)
        body = struct.pack('=BBBBI', _INET, prefix, 0, 0, index)
        self._ask(NEWADDR, _MADE, body + _attribute(_IFA_LOCAL, value) + _attribute(_IFA_ADDRESS, value))

    def add_default_route(self, index, gateway):
        body = struct.pack('=BBBBBBBBI', _INET, 0, 0, 0, _MAIN, _BOOT, 0, _UNICAST, 0)
        self._ask(NEWROUTE, _MADE, body + _attribute(_RTA_GATEWAY, socket.inet_aton(gateway)) + _number(_RTA_OIF, index))


def _link(index, up=_UP):
    """What every request about a link begins with; the far end of a cable cannot be up before the near one."""
    return struct.pack('=BxHiII', 0, 0, index, up, up)


def _attribute(kind, value):
    return struct.pack('=HH', 4 + len(value), kind) + value + bytes(-len(value) % 4)


def _text(kind, value):
    return _attribute(kind, value.encode() + b'\0')


def _number(kind, value):
    return _attribute(kind, struct.pack('=I', value))
