"""An IP packet as the router sees it: addresses, ports and what is inside."""
import array
import ipaddress
import struct
import sys

TCP, UDP = 6, 17
PROTOCOLS = {1: 'icmp', 58: 'icmp', TCP: 'tcp', UDP: 'udp'}


def packed(address):
    """The bytes of an address that is written as a text."""
    return ipaddress.ip_address(address).packed


def checksum(data):
    """RFC 1071."""
    if len(data) % 2:
        data = data + b'\0'
    words = array.array('H', bytes(data))
    if sys.byteorder == 'little':
        words.byteswap()
    total = sum(words)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Packet:
    """Made from bytes; what is set of it is in `raw` after `seal`."""

    def __init__(self, raw):
        self.raw = bytearray(raw)
        self.v6 = self.raw[0] >> 4 == 6
        if self.v6:
            self.length = 40 + struct.unpack_from('!H', self.raw, 4)[0]
            self.header, self.number, at, size = 40, self.raw[6], 8, 16
        else:
            self.length = struct.unpack_from('!H', self.raw, 2)[0]
            self.header, self.number, at, size = (self.raw[0] & 15) * 4, self.raw[9], 12, 4
        del self.raw[self.length:]  # the padding of a short frame
        self._source, self._destination = (slice(at, at + size), slice(at + size, at + 2 * size))
        self.protocol = PROTOCOLS.get(self.number, 'other')
        self.has_ports = self.number in (TCP, UDP)

    @property
    def source(self):
        """Address and port."""
        return bytes(self.raw[self._source]), self._port(0)

    @source.setter
    def source(self, end):
        self.raw[self._source] = end[0]
        struct.pack_into('!H', self.raw, self.header, end[1])

    @property
    def destination(self):
        return bytes(self.raw[self._destination]), self._port(2)

    @destination.setter
    def destination(self, end):
        self.raw[self._destination] = end[0]
        struct.pack_into('!H', self.raw, self.header + 2, end[1])

    def _port(self, at):
        return struct.unpack_from('!H', self.raw, self.header + at)[0] if self.has_ports else 0

    @property
    def payload(self):
        """Of UDP."""
        return bytes(self.raw[self.header + 8:])

    def kind(self):
        """What RFC 7983 makes of the first byte of UDP; else the protocol."""
        if self.number != UDP or len(self.raw) <= self.header + 8:
            return self.protocol
        first = self.raw[self.header + 8]
        for name, low, high in (('stun', 0, 3), ('dtls', 20, 63), ('turn', 64, 79), ('rtp', 128, 191)):
            if low <= first <= high:
                return name
        return 'udp'

    def seal(self):
        """Writes the checksums: the sender has left them to a network card."""
        raw = self.raw
        if not self.v6:
            struct.pack_into('!H', raw, 10, 0)
            struct.pack_into('!H', raw, 10, checksum(raw[:self.header]))
        if self.has_ports:
            at = self.header + (16 if self.number == TCP else 6)
            struct.pack_into('!H', raw, at, 0)
            pseudo = (raw[self._source] + raw[self._destination] +
                      struct.pack('!II', len(raw) - self.header, self.number))
            found = checksum(pseudo + raw[self.header:])
            struct.pack_into('!H', raw, at, found or 0xffff)
        return raw


def udp(source, destination, payload):
    """A packet of UDP between two ends (address and port)."""
    v6 = len(source[0]) == 16
    length = 8 + len(payload)
    if v6:
        head = struct.pack('!IHBB', 6 << 28, length, UDP, 64)
    else:
        head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + length, 0, 0x4000, 64, UDP, 0)
    packet = Packet(head + source[0] + destination[0] + bytes(4) + struct.pack('!HH', length, 0) + payload)
    packet.source, packet.destination = source, destination
    return packet
