"""Exported keys worked out from a peer's key log and the wire: not every peer prints its own."""
import hashlib
import hmac
import re

from wire import HANDSHAKE, SERVER_HELLO, unprotected

RANDOM_AT = 12 + 2  # after the handshake header of DTLS and the version


def prf(name, secret, seed, length):
    """RFC 5246, section 5."""
    out, a = b'', seed
    while len(out) < length:
        a = hmac.digest(secret, a, name)
        out += hmac.digest(secret, a + seed, name)
    return out[:length]


def server_random(datagrams):
    for datagram in datagrams:
        for kind, fragment in unprotected(datagram):
            if kind == HANDSHAKE and fragment[0] == SERVER_HELLO:
                return fragment[RANDOM_AT:RANDOM_AT + 32]
    return None


def exported_from_log(path, answered, suite, label, length):
    """RFC 5705, section 4, in DTLS 1.2 and without a context, in hexadecimal digits."""
    with open(path, encoding='ascii') as file:
        client, master = re.search(r'CLIENT_RANDOM (\S+) (\S+)', file.read()).groups()
    seed = label.encode() + bytes.fromhex(client) + server_random(answered)
    name = hashlib.sha384 if 'SHA384' in suite else hashlib.sha256
    return prf(name, bytes.fromhex(master), seed, length).hex()
