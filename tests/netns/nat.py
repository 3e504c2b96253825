"""Network address translation as RFC 4787 and RFC 5382 name its ways."""
from packet import packed


class Nat:
    """Gives the hosts behind it a port of its public address.

    mapping: 'independent' of the destination, one port for a socket of the inside; 'dependent' on its address and
    port, one port for each (a symmetric NAT). filtering, of what comes in: 'independent', all; 'address', from
    addresses that the inside has sent to; 'port', from addresses and ports.
    """

    def __init__(self, public, mapping='independent', filtering='address'):
        self.public = packed(public)
        self.mapping, self.filtering = mapping, filtering
        self.port = 20000
        self.dropped = 0
        self._ports, self._inside = {}, {}

    def forget(self):
        """As after a reboot: what comes for an old mapping is dropped, and new ones have other ports."""
        self._ports.clear()
        self._inside.clear()
        self.port += 1000

    def _next_port(self):
        self.port += 7
        return self.port

    def outbound(self, packet):
        """True where it is to be sent on."""
        if not packet.has_ports:
            return False
        key = (packet.number, packet.source)
        if self.mapping == 'dependent' or packet.protocol == 'tcp':
            key += (packet.destination,)
        port = self._ports.get(key)
        if port is None:
            port = self._ports[key] = self._next_port()
            self._inside[packet.number, port] = (packet.source, set())
        self._inside[packet.number, port][1].add(packet.destination)
        packet.source = self.public, port
        return True

    def _passes(self, packet, contacted):
        if packet.protocol == 'tcp' or self.filtering == 'port' or self.mapping == 'dependent':
            return packet.source in contacted
        return (self.filtering == 'independent' or
                any(packet.source[0] == address for address, _ in contacted))

    def inbound(self, packet):
        inside, contacted = self._inside.get((packet.number, packet.destination[1]), (None, ()))
        if inside is None or not self._passes(packet, contacted):
            self.dropped += 1
            return False
        packet.destination = inside
        return True
