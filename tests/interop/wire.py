"""A relay between two ends that keeps every datagram: what crossed the wire and how long it was."""
import select
import socket
import threading

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE = PLAIN = 20, 21, 22
FATAL, PROTOCOL_VERSION = 2, 70
CLIENT_HELLO, SERVER_HELLO, HELLO_VERIFY_REQUEST = 1, 2, 3


class Wire:
    """Listens on `place` and passes on to the server at `port`. `sent` are the client's datagrams,
    `answered` the server's."""

    def __init__(self, port):
        self.server = ('127.0.0.1', port)
        self.near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.near.bind(('127.0.0.1', 0))
        self.far = self._far()
        self.place = '127.0.0.1:%d' % self.near.getsockname()[1]
        self.port = self.near.getsockname()[1]
        self.client = None
        self.sent, self.answered = [], []
        self.pass_on_of_client = None  # so many of the client's datagrams; None: all
        self.closed = False
        threading.Thread(target=self._run, daemon=True).start()

    @staticmethod
    def _far():
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(('127.0.0.1', 0))
        return s

    def _run(self):
        while not self.closed:
            for s in select.select([self.near, self.far], [], [], 0.02)[0]:
                self._pass_on(s)

    def _pass_on(self, s):
        try:
            data, sender = s.recvfrom(65535)
            if s is self.near:
                self.client = sender
                self.sent.append(data)
                if self.pass_on_of_client is None or len(self.sent) <= self.pass_on_of_client:
                    self.far.sendto(data, self.server)
            elif self.client:
                self.answered.append(data)
                self.near.sendto(data, self.client)
        except OSError:
            pass  # nobody listens there

    def move(self):
        """From now on the client comes from another port, as behind a NAT that has forgotten it."""
        self.far = self._far()

    def close(self):
        self.closed = True


def unprotected(datagram):
    """(content type, fragment) of each record of epoch 0; the others come after them."""
    at = 0
    while at + 13 <= len(datagram) and datagram[at + 3:at + 5] == b'\0\0':
        length = int.from_bytes(datagram[at + 11:at + 13], 'big')
        if datagram[at] not in PLAIN or not length:
            return
        yield datagram[at], datagram[at + 13:at + 13 + length]
        at += 13 + length


def unprotected_messages(datagrams):
    """The types of the handshake messages in epoch 0, in the order of their first fragments."""
    messages = []
    for datagram in datagrams:
        for kind, fragment in unprotected(datagram):
            message = fragment[0], fragment[4:6]
            if kind == HANDSHAKE and message not in messages:
                messages.append(message)
    return [kind for kind, _ in messages]


def longest(datagrams):
    return max(len(d) for d in datagrams)
