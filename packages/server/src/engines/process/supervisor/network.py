"""
A network of the platform's own: a namespace that a holder keeps, with a bridge per owner in it. An
instance is a namespace on its owner's bridge, so each has its own address and its own port 8080.
"""
import errno
import functools
import hashlib
import json
import os
import signal
import socket
import sys
import time

import addresses
import linux
import netlink
import programs

PRIVATE = (
    '0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, '
    '192.168.0.0/16, 224.0.0.0/3'
)


class Platform:
    """The platform's namespace: where it is, and which addresses it has."""

    def __init__(self, directory, pid, subnet, rootless):
        self.directory, self.pid, self.subnet, self.rootless = directory, pid, subnet, rootless

    def describe(self):
        user = f'/proc/{self.pid}/ns/user' if self.rootless else ''
        return {'userns': user, 'netns': f'/proc/{self.pid}/ns/net'}

    def enter(self):
        """Joins the namespaces; for a process of its own."""
        if self.rootless:
            linux.setns(f'/proc/{self.pid}/ns/user', linux.NEWUSER)
        linux.setns(f'/proc/{self.pid}/ns/net', linux.NEWNET)

    def run(self, argv, text):
        return programs.run(argv, text, preexec_fn=self.enter, check=True)


def open_platform(directory, rootless, allowed, resolvers):
    """The namespace of this data directory: the one that is held, or a new one."""
    state = os.path.join(directory, 'network.json')
    try:
        with open(state) as file:
            known = json.load(file)
        if known['boot'] == linux.boot_id() and linux.is_alive(known['pid'], known['started']):
            return Platform(directory, known['pid'], known['subnet'], rootless)
    except (OSError, KeyError, ValueError):
        pass
    subnet = _free_subnet(directory)
    pid = _hold_with_pasta() if rootless else _hold()
    platform = Platform(directory, pid, subnet, rootless)
    _configure(platform, allowed, resolvers)
    known = {'pid': pid, 'started': linux.start_time(pid), 'boot': linux.boot_id(), 'subnet': subnet}
    with open(f'{state}.new', 'w') as file:
        json.dump(known, file)
    os.replace(f'{state}.new', state)
    return platform


def _hold():
    """A process that does nothing but keep a network namespace, in a session of its own."""
    reading, writing = os.pipe()
    middle = os.fork()
    if middle == 0:
        os.setsid()
        holder = os.fork()
        if holder == 0:
            os.close(reading)
            linux.unshare(linux.NEWNET)
            os.write(writing, str(os.getpid()).encode())
            os.close(writing)
            argv = [sys.executable, '-I', '-S', '-c', HOLD]
            programs.become(sys.executable, argv, {})
        os._exit(0)
    os.waitpid(middle, 0)
    os.close(writing)
    with os.fdopen(reading) as file:
        return int(file.read())


HOLD = 'import signal\nwhile True: signal.pause()'


def _hold_with_pasta():
    """The same for an ordinary user: pasta gives the namespace a way out and none to this host."""
    options = ['--config-net', '--mtu', '1500', '-t', 'none', '-T', 'none', '-u', 'none', '-U', 'none']
    quiet = ['--no-map-gw', '--quiet', '--foreground']
    marker = os.urandom(8).hex()
    program = f'import os,sys\nprint(os.getpid(), flush=True)\n{HOLD}\n#{marker}'
    child = programs.start(
        ['pasta', *options, *quiet, '--', sys.executable, '-I', '-S', '-c', program],
        stdout=programs.NOTHING, stderr=programs.PIPE,
    )
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for pid in linux.descendants(child.pid):
            try:
                if _is_holder(pid, marker) and _has_route(pid):
                    return pid
            except OSError:
                pass
        if child.poll() is not None:
            raise RuntimeError(f'pasta ended: {child.stderr.read().decode().strip()}')
        time.sleep(0.02)
    child.kill()
    raise RuntimeError('pasta gave no network in 10 seconds')


def _is_holder(pid, marker):
    """Not one of pasta's own, which pass through the namespace for a moment under pasta's arguments."""
    with open(f'/proc/{pid}/cmdline', 'rb') as file:
        program, *arguments = file.read().split(b'\0')
    return program == os.fsencode(sys.executable) and any(marker.encode() in one for one in arguments)


def _has_route(pid):
    """Whether the way out is there: the last thing that pasta lays."""
    with open(f'/proc/{pid}/net/route') as file:
        return any(line.split()[1] == '00000000' for line in file)


def _tag(directory):
    return hashlib.sha256(os.fsencode(os.path.abspath(directory))).hexdigest()[:8]


def _free_subnet(directory):
    """A slice 10.x.0.0/16 that no route of this machine touches; stays with the data directory."""
    routes = programs.run(['ip', '-4', 'route']).stdout.decode()
    first = int(_tag(directory), 16)
    for step in range(200):
        candidate = 20 + (first + step) % 200
        if f'10.{candidate}.' not in routes:
            return f'10.{candidate}'
    raise RuntimeError('no free network 10.x.0.0/16 on this machine')


def _configure(platform, allowed, resolvers):
    subnet, uplink = platform.subnet, 'up0'
    commands = ['link set lo up']
    if platform.rootless:
        uplink = _default_interface(platform)
    else:
        _connect_host(platform)
        commands += [
            'link set up0 up', f'addr add {subnet}.255.2/30 dev up0', f'route add default via {subnet}.255.1',
        ]
    platform.run(['ip', '-batch', '-'], '\n'.join(commands))
    share = LEAVE_WATCHES if platform.rootless else ''
    platform.run([sys.executable, '-I', '-S', '-c', FORWARD + LEAVE_BRIDGES_ALONE + share], '')
    platform.run(['nft', '-f', '-'], _rules(subnet, uplink, allowed, resolvers))


FORWARD = "open('/proc/sys/net/ipv4/ip_forward', 'w').write('1')"

#: Where Docker is or was, the kernel hands frames between one owner's instances to the rules that keep owners
#: apart (br_netfilter), and those would drop them.
LEAVE_BRIDGES_ALONE = '''
import glob
for path in glob.glob('/proc/sys/net/bridge/bridge-nf-call-*'): open(path, 'w').write('0')
'''


#: What an ordinary user may have of the kernel is shared with its tenants: half of it stays the platform's own.
LEAVE_WATCHES = '''
for kind in ('instances', 'watches'):
    try:
        half = int(open(f'/proc/sys/fs/inotify/max_user_{kind}').read()) // 2
        open(f'/proc/sys/user/max_inotify_{kind}', 'w').write(str(half))
    except OSError: pass
'''


def _default_interface(platform):
    answer = platform.run(['ip', '-j', 'route', 'show', 'default'], '')
    return json.loads(answer.stdout)[0]['dev']


def _connect_host(platform):
    """A cable to this host, which lets the namespace out and nothing of it in."""
    tag, subnet = _tag(platform.directory), platform.subnet
    device = f'cg{tag}'
    batch = [
        f'link add {device} type veth peer name up0 netns {platform.pid}',
        f'link set {device} up', f'addr add {subnet}.255.1/30 dev {device}',
        f'route add {subnet}.0.0/16 via {subnet}.255.2',
    ]
    programs.run(['ip', 'link', 'del', device])
    _run(['ip', '-batch', '-'], '\n'.join(batch))
    _run([sys.executable, '-I', '-S', '-c', FORWARD], '')
    table = f'clever_grid_{tag}'
    _run(['nft', '-f', '-'], f'''
table ip {table} {{}}
delete table ip {table}
table ip {table} {{
  chain input {{
    type filter hook input priority -10;
    iifname "{device}" ct state established,related accept
    iifname "{device}" drop
  }}
  chain postrouting {{
    type nat hook postrouting priority 100;
    ip saddr {subnet}.0.0/16 oifname != "{device}" masquerade
  }}
}}''')
    for action in ('-D', '-I'):
        _pass_docker(action, device)


def _pass_docker(action, device):
    """Where Docker runs, this host forwards nothing but what Docker knows, or others name in a chain for them."""
    for match in (['-i', device], ['-o', device, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED']):
        argv = ['iptables', '--wait', action, 'DOCKER-USER', *match, '-j', 'ACCEPT']
        try:
            programs.run(argv)
        except FileNotFoundError:
            return


def _run(argv, text):
    programs.run(argv, text, check=True)


def _rules(subnet, uplink, allowed, resolvers):
    """Owners are kept apart; of what is private, only resolvers and what the operator allows is reached."""
    permit = f'ip daddr {{ {", ".join(allowed)} }} accept' if allowed else ''
    ask = (
        f'ip daddr {{ {", ".join(resolvers)} }} meta l4proto {{ tcp, udp }} th dport 53 accept'
        if resolvers else ''
    )
    return f'''
table ip grid {{
  chain input {{
    type filter hook input priority 0;
    # pasta's window updates bear no TCP flag: conntrack knows no such packet and leaves it to this
    # namespace, whose reset would end an instance's connection.
    iifname "{uplink}" ct state invalid drop
    iifname "b*" ct state established,related accept
    iifname "b*" drop
  }}
  chain forward {{
    type filter hook forward priority 0; policy drop;
    ct state invalid drop
    ct state established,related accept
    iifname "{uplink}" oifname "b*" accept
    iifname "b*" oifname "b*" drop
    {ask}
    {permit}
    ip daddr {{ {PRIVATE} }} drop
    iifname "b*" oifname "{uplink}" accept
  }}
  chain postrouting {{
    type nat hook postrouting priority 100;
    ip saddr {subnet}.0.0/16 oifname "{uplink}" masquerade
  }}
}}'''


def plug_in(platform, owner, wanted=None):
    """
    Gives the calling process a network namespace of its own with a cable to its owner's bridge; its address,
    which is the wanted one if there is one. The namespace takes the cable away when it goes, and with it the
    address is free again.
    """
    subnet = addresses.subnet_of(platform, owner)
    platform.enter()
    taken = {name for _, name in socket.if_nameindex()}
    bridge = _find_bridge(subnet, taken)
    with netlink.Netlink() as outside:
        linux.unshare(linux.NEWNET)
        _turn_off_ipv6()
        lay = functools.partial(_lay_cable, outside, bridge)
        address = addresses.take(subnet, wanted, lay) if wanted else addresses.take_lowest(subnet, taken, lay)
    with netlink.Netlink() as inside:
        eth0 = socket.if_nametoindex('eth0')
        for link in (socket.if_nametoindex('lo'), eth0):
            inside.set_up(link)
        inside.add_address(eth0, address, 24)
        inside.add_default_route(eth0, subnet.gateway)
    return address


def unplug(platform, owner, address):
    """Takes the cable to that address away, as far as it is still there; for a process of its own."""
    cable = addresses.subnet_of(platform, owner).cable(address)
    platform.enter()
    with netlink.Netlink() as outside:
        try:
            outside.remove_cable(cable)
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise


def _find_bridge(subnet, links):
    """
    The owner's bridge in this namespace, made as far as it is not: its maker may have been killed half way. One
    that a cable hangs on was whole before that.
    """
    if not any(subnet.is_cable(name) for name in links):
        with netlink.Netlink() as here:
            _tolerate(lambda: here.add_bridge(subnet.bridge, addresses.hardware_address(subnet.gateway)))
            index = socket.if_nametoindex(subnet.bridge)
            _tolerate(lambda: here.add_address(index, subnet.gateway, 24))
    return socket.if_nametoindex(subnet.bridge)


def _lay_cable(outside, bridge, name, address):
    """To the calling process; whether it could be laid."""
    try:
        outside.add_cable(name, bridge, (os.getpid(), addresses.hardware_address(address)))
        return True
    except FileExistsError:
        return False


def _tolerate(make):
    """What another instance has made in between is fine."""
    try:
        make()
    except FileExistsError:
        pass


def _turn_off_ipv6():
    try:
        with open('/proc/sys/net/ipv6/conf/all/disable_ipv6', 'w') as file:
            file.write('1')
    except OSError:
        pass


def destroy(directory):
    """Takes away everything of this data directory's network."""
    try:
        with open(os.path.join(directory, 'network.json')) as file:
            known = json.load(file)
        if linux.is_alive(known['pid'], known['started']):
            os.kill(known['pid'], signal.SIGKILL)
        os.unlink(os.path.join(directory, 'network.json'))
    except (OSError, KeyError, ValueError):
        pass
    if os.geteuid() == 0:
        tag = _tag(directory)
        programs.run(['ip', 'link', 'del', f'cg{tag}'])
        _pass_docker('-D', f'cg{tag}')
        programs.run(['nft', 'delete', 'table', 'ip', f'clever_grid_{tag}'])


def find_resolvers():
    """The machine's name servers, those behind systemd's local one included."""
    for path in ('/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'):
        try:
            with open(path) as file:
                servers = [line.split()[1] for line in file if line.startswith('nameserver')]
        except OSError:
            continue
        usable = [one for one in servers if ':' not in one and not one.startswith('127.')]
        if usable:
            return usable
    return []


