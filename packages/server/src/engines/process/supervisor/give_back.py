"""
Gives numbers back. A user id is an application's as long as anything of it runs or one file of that user is left:
whoever gets it next could read those. A subnet is an owner's as long as anything of theirs is there, and
its bridge goes first: whoever gets it next is reached by nobody who was on it.
"""
import json
import os
import socket

import addresses
import netlink
import registry


class Unknown(Exception):
    """An instance cannot be read: it may be anybody's, so everybody keeps what they have."""


def give_back(host, gone, places):
    """Those of `gone` that nothing is left of; what is not given back now is asked for again."""
    try:
        there = _instances(host.directory)
    except Unknown:
        return
    users = {one['user'] for one in there} | set(_users_of(places))
    with registry.releasing(host.directory, 'users') as numbers:
        for name in gone['applications']:
            if numbers.get(name) not in users:
                numbers.pop(name, None)
    release_subnets(host, gone['owners'])


def find_idle(host):
    """An owner of whom nothing is there, the one that got a subnet first; None where all are in use."""
    try:
        owners = {one['ownerId'] for one in _instances(host.directory)}
    except Unknown:
        return None
    return next((name for name in registry.names(host.directory, 'subnets') if name not in owners), None)


def release_subnets(host, owners):
    """
    Those of whom nothing is there. For a process of its own: it enters the platform's network. Whoever starts writes
    the instance's record first and asks for the subnet then: one of the two sees the other.
    """
    if not owners or host.platform is None:
        return
    host.platform.enter()
    with registry.releasing(host.directory, 'subnets') as numbers, netlink.Netlink() as here:
        try:
            there = {one['ownerId'] for one in _instances(host.directory)}
        except Unknown:
            return
        links = [name for _, name in socket.if_nameindex()]
        for owner in owners:
            if owner not in numbers or owner in there:
                continue
            subnet = addresses.Subnet(host.platform, numbers[owner])
            if any(subnet.is_cable(name) for name in links):
                continue
            if subnet.bridge in links:
                here.remove_cable(subnet.bridge)
            del numbers[owner]


def _instances(directory):
    """What is known of every instance that is there, those that are over and not yet removed among them."""
    found, top = [], os.path.join(directory, 'instances')
    for name in os.listdir(top):
        try:
            with open(os.path.join(top, name, 'instance.json')) as file:
                found.append(json.load(file))
        except FileNotFoundError:
            if os.path.exists(os.path.join(top, name)):
                raise Unknown(name) from None
        except ValueError:
            raise Unknown(name) from None
    return found


def _users_of(places):
    """
    Whose the trees in these folders are, so deep down. A tree is given to its user from the inside: of one that is
    still the platform's, what is in it counts.
    """
    for folder, depth in places:
        for entry in _entries(folder):
            found = _status(entry)
            if found is None:
                continue
            yield found.st_uid
            if entry.is_dir(follow_symlinks=False) and (depth > 1 or found.st_uid == os.geteuid()):
                yield from _users_of([(entry.path, depth - 1)] if depth > 0 else [])


def _status(entry):
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None


def _entries(folder):
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
