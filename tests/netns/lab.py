"""A case's laboratory: it is in a network of its own and makes the rest of it."""
import space
from call import Call
from loop import Loop
from nat import Nat
from peer import Peer
from router import Host, Router
from stun import StunServer
from turn import TurnServer

CASES = []


def case(name, slow=False):
    """Registers a function of one argument, its laboratory. Slow ones begin first."""
    def register(function):
        CASES.insert(0 if slow else len(CASES), (name, function))
        return function
    return register


class Lab:
    STUN, STUN_6 = '198.51.100.53', '2001:db8:53::1'

    def __init__(self):
        space.leave()
        self.loop = Loop()
        self.router = Router(self.loop)
        self.peers, self.processes, self.notes = [], [], []
        self.stun = self.router.serve(StunServer(self.STUN, self.STUN_6))

    def host(self, name, *addresses, nat=None):
        return Host(self.router, name, addresses, nat)

    def nat(self, public, **ways):
        return self.router.nat(Nat(public, **ways))

    def peer(self, host, kind, role, *options):
        # One of two dispatches in its main thread, the other in the runtime's own.
        threads = ['--thread'] if role == 'controlled' else []
        peer = Peer(self.loop, host, kind, role, *threads, *options)
        self.peers.append(peer)
        return peer

    def turn(self):
        return TurnServer(self)

    def call(self, a, b, **options):
        return Call(self.loop, a, b, **options)

    def note(self, text):
        """Stands below the case's line."""
        self.notes.append(text)

    def stop(self):
        for peer in self.peers:
            peer.kill()
        for process in self.processes:
            process.kill()
            process.wait()
