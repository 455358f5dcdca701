"""
Which addresses an owner's instances have: the bridge the first of a /24, what is started without one the lowest
free one of the lower half, and the upper is the platform's to give to nodes.
"""
import hashlib
import socket
import time

import registry

MOST_OWNERS = 250
LOWER, UPPER = range(2, 128), range(128, 255)
#: In seconds: a former holder's namespace may still be on its way out.
GIVEN_WITHIN = 5


class NoAddress(Exception):
    """The message is for the instance's user."""


class Subnet:
    """The addresses of one owner."""

    def __init__(self, platform, index):
        self.index = index
        self.base = f'{platform.subnet}.{self.index}'
        self.bridge = f'b{self.index}'
        self.gateway = f'{self.base}.1'

    def lower(self):
        return [f'{self.base}.{host}' for host in LOWER]

    def upper(self):
        return [f'{self.base}.{host}' for host in UPPER]

    def cable(self, address):
        """A cable's name says whose address it is, and the kernel gives a name once."""
        return f"v{self.index}x{address.rpartition('.')[2]}"

    def is_cable(self, name):
        return name.startswith(f'v{self.index}x')


def subnet_of(platform, owner):
    """
    That of an owner, as it is written: it may have been another's a moment ago. Of an owner of whom an instance has
    its record, it stays.
    """
    return Subnet(platform, registry.allocate(platform.directory, 'subnets', owner, 1, MOST_OWNERS))


def for_nodes(platform, owner):
    """What the platform may give to the owner's nodes; without namespaces, of this machine's loopback."""
    if platform is not None:
        return subnet_of(platform, owner).upper()
    part = hashlib.sha256(owner.encode()).digest()[0]
    return [f'127.77.{part}.{host}' for host in range(1, 255)]


def take_lowest(subnet, taken, lay):
    """`lay` says whether a cable of that name could be laid to that address; `taken` are names of no use."""
    for address in subnet.lower():
        if subnet.cable(address) not in taken and lay(subnet.cable(address), address):
            return address
    raise NoAddress(f'All {len(LOWER)} addresses are taken that its owner has besides those of nodes.')


def take(subnet, address, lay):
    """That one, as soon as it is free."""
    if address not in (given := subnet.upper()):
        raise NoAddress(f'{address} is no address for nodes of its owner: those are {given[0]} to {given[-1]}.')
    deadline = time.monotonic() + GIVEN_WITHIN
    while not lay(subnet.cable(address), address):
        if time.monotonic() > deadline:
            raise NoAddress(f'The address {address} is taken by another instance of its owner.')
        time.sleep(0.02)
    return address


def hardware_address(address):
    """Always the same for an address: whoever knew its former holder reaches the next at once."""
    return b'\x02\x67' + socket.inet_aton(address)
