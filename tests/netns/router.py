"""The network between the hosts: each hangs on a veth whose other end this process reads and writes itself (AF_PACKET),
so that the kernel neither routes nor translates, and every packet can be counted, dropped or changed."""
import os
import socket
import struct
import time

from packet import Packet, packed
from space import Space, run_ip

ETH_P_ALL = 3
ETH_TYPES = (0x0800, 0x86dd)
OUTGOING = 4
SO_RCVBUFFORCE = 33
AT_ONCE = 64


class Host:
    """A namespace with one interface, eth0. Addresses come with their prefix: 10.0.1.2."""
    count = 0

    def __init__(self, router, name, addresses, nat=None):
        Host.count += 1
        self.router, self.name, self.nat = router, name, nat
        self.link = f'port{Host.count}'
        self.mac = bytes((2, 0, 0, 0, 0, Host.count))
        self.space = Space()
        self.addresses = []
        self.cut = False      # nothing comes or goes
        self.blocks = set()   # 'udp', 'tcp'
        self.sent = []        # (time, kind) of what left it
        mac = ':'.join(f'{byte:02x}' for byte in self.mac)
        self.space.ip(
            'link set lo up',
            # Trains of segments would be longer than the MTU when they come out at the router's end.
            f'link add eth0 address {mac} gso_max_segs 1 type veth peer name {self.link} netns {os.getpid()}',
            # The router takes every frame, so nobody asks who has an address.
            'link set eth0 arp off addrgenmode none', 'link set eth0 up')
        run_ip([f'link set {self.link} arp off addrgenmode none', f'link set {self.link} up'])
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
        except PermissionError:  # root of a user namespace: as much as everybody may have
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind((self.link, ETH_P_ALL))
        self.socket.setblocking(False)
        router.plug(self)
        for address in addresses:
            self.add(address)

    def add(self, address):
        # As a network of its own: with others of the same it would go when the first of them does.
        self.space.ip(f'address add {address}/128 dev eth0 nodad' if ':' in address else
                      f'address add {address}/32 dev eth0',
                      f'route replace {"::/0" if ":" in address else "0.0.0.0/0"} dev eth0')
        self.addresses.append(address)
        self.router.owners[packed(address)] = self

    def deprecate(self, address):
        """IPv6: it stays, and nothing new begins with it (RFC 4862, 5.5.4)."""
        self.space.ip(f'address change {address}/128 dev eth0 preferred_lft 0')

    def remove(self, address):
        self.space.ip(f'address del {address}/{128 if ":" in address else 32} dev eth0')
        self.addresses.remove(address)
        del self.router.owners[packed(address)]

    def stops(self, packet):
        return self.cut or packet.protocol in self.blocks

    def write(self, packet):
        frame = self.mac + b'\2\0\0\0\0\0' + struct.pack('!H', ETH_TYPES[packet.v6]) + packet.seal()
        try:
            self.socket.send(frame)
        except OSError:
            self.router.lost += 1


class Router:
    def __init__(self, loop):
        self.loop = loop
        self.owners = {}  # of addresses: hosts and NATs
        self.services = {}  # what answers in the router itself
        self.lost = 0

    def plug(self, host):
        self.loop.watch(host.socket, lambda: self._read(host))

    def nat(self, nat):
        self.owners[nat.public] = nat
        return nat

    def serve(self, service):
        for address in service.addresses:
            self.services[address] = service
        return service

    def _read(self, host):
        for _ in range(AT_ONCE):
            try:
                frame, where = host.socket.recvfrom(65536)
            except BlockingIOError:
                return
            if where[2] != OUTGOING and struct.unpack_from('!H', frame, 12)[0] in ETH_TYPES:
                self._from(host, Packet(frame[14:]))

    def _from(self, host, packet):
        # It has left the host, whatever becomes of it.
        host.sent.append((time.monotonic(), packet.kind()))
        if host.stops(packet):
            return
        neighbour = self.owners.get(packet.destination[0])
        if isinstance(neighbour, Host) and neighbour.nat is host.nat:
            self._write(neighbour, packet)
        elif host.nat is None or host.nat.outbound(packet):
            self._to(packet)

    def _to(self, packet):
        """Through the public network."""
        service = self.services.get(packet.destination[0])
        if service is not None:
            response = service.answer(packet)
            if response is not None:
                self._to(response)
            return
        owner = self.owners.get(packet.destination[0])
        if isinstance(owner, Host):
            if owner.nat is None:
                self._write(owner, packet)
        elif owner is not None and owner.inbound(packet):
            self._write(self.owners.get(packet.destination[0]), packet)

    def _write(self, host, packet):
        if host is not None and not host.stops(packet):
            host.write(packet)
