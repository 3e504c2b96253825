"""A STUN server that lives in the router: it tells where a request came from (RFC 8489, RFC 3489)."""
import struct

from packet import packed, udp

COOKIE = 0x2112A442


class StunServer:
    PORT = 3478

    def __init__(self, *addresses):
        self.addresses = [packed(address) for address in addresses]
        self.requests = 0

    def answer(self, packet):
        """The response, or None."""
        request = packet.payload
        if packet.protocol != 'udp' or packet.destination[1] != self.PORT or request[:2] != b'\0\1':
            return None
        self.requests += 1
        address, port = packet.source
        family = 2 if len(address) == 16 else 1
        kind = 0x0001  # MAPPED-ADDRESS: a client of RFC 3489 sends no cookie and knows no other
        if struct.unpack_from('!I', request, 4)[0] == COOKIE:
            kind, mask = 0x0020, request[4:20]
            port ^= COOKIE >> 16
            address = bytes(a ^ b for a, b in zip(address, mask))
        value = struct.pack('!BBH', 0, family, port) + address
        attribute = struct.pack('!HH', kind, len(value)) + value
        response = struct.pack('!HH', 0x0101, len(attribute)) + request[4:20] + attribute
        return udp(packet.destination, packet.source, response)
