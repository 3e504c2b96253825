"""DTLS 1.2 with OpenSSL's s_server and s_client."""
import wire
from ends import Connecting, Listening, OpenSslClient, OpenSslServer, expect
from tap import case

KINDS = ('ecdsa', 'p384', 'rsa')
# The curve of a certificate counts as a group in DTLS 1.2 (RFC 8422, 5.1.1).
GROUPS = 'X25519,P-256,P-384'
EXPORT = ('EXPERIMENTAL strait', 64)
PEER_EXPORT = ('-keymatexport', EXPORT[0], '-keymatexportlen', EXPORT[1])
OUR_EXPORT = f'{EXPORT[0]}:{EXPORT[1]}'


def talk(pipe, peer):
    """Lines both ways, then the pipe ends and the peer is told."""
    for i in range(3):
        pipe.say(f'line {i} of the pipe')
        peer.wait_for(f'line {i} of the pipe')
        peer.say(f'line {i} of the peer')
        pipe.wait_for(f'line {i} of the peer\n')
    expect(len(pipe.out.splitlines()) == 3, f'3 datagrams were sent and these came: {pipe.out!r}')


def end_by_pipe(pipe, peer, word):
    pipe.end_input()
    expect(pipe.status() == 0, 'the pipe did not end well')
    peer.wait_for(word)


def end_by_peer(pipe, peer):
    peer.end_input()
    expect(pipe.status() == 0, 'the pipe did not end well')


def same_export(pipe, peer):
    ours, theirs = pipe.exported(), peer.exported()
    expect(len(ours) == 2 * EXPORT[1] and ours == theirs, f'keys differ: {ours} and {theirs}')


def server(test, kind, *arguments):
    return test.start(OpenSslServer, '-cert', test.file(f'{kind}.crt'), '-cert_chain',
                      test.file(f'{kind}.pem'), '-key', test.file(f'{kind}.key'), *arguments)


def listening(test, kind, **options):
    return test.start(Listening, fingerprint=test.fingerprint('rsa'),
                      **dict(test.key(kind), **options))


def client(test, place, *arguments, kind='rsa'):
    return test.start(OpenSslClient, place, '-CAfile', test.file('root.crt'),
                      '-verify_return_error', '-verify_hostname', 'strait.test', '-cert',
                      test.file(f'{kind}.crt'), '-cert_chain', test.file(f'{kind}.pem'), '-key',
                      test.file(f'{kind}.key'), *arguments)


def register_kind(kind):
    @case(f'OpenSSL server with {kind}: fingerprint, data, exported keys, close')
    def _(test):
        peer = server(test, kind, *PEER_EXPORT)
        pipe = test.start(Connecting, peer.place, groups=GROUPS,
                          fingerprint=test.fingerprint(kind), export=OUR_EXPORT)
        expect(pipe.connected().startswith('DTLS 1.2 '), 'not DTLS 1.2')
        talk(pipe, peer)
        same_export(pipe, peer)
        end_by_pipe(pipe, peer, 'DONE')

    @case(f'OpenSSL client of our {kind}: chain of intermediates, data, exported keys, close')
    def _(test):
        pipe = listening(test, kind, export=OUR_EXPORT)
        peer = client(test, pipe.place, *PEER_EXPORT)
        peer.wait_for('Verify return code: 0')
        talk(pipe, peer)
        same_export(pipe, peer)
        end_by_pipe(pipe, peer, 'closed|DONE')

    @case(f'OpenSSL server that wants our certificate, {kind}')
    def _(test):
        peer = server(test, 'ecdsa', '-Verify', 5, '-verify_return_error', '-CAfile',
                      test.file('root.crt'))
        pipe = test.start(Connecting, peer.place, groups=GROUPS,
                          fingerprint=test.fingerprint('ecdsa'), **test.key(kind))
        talk(pipe, peer)
        expect(f'CN = strait test {kind}' in peer.out + peer.err, 'it saw no certificate of ours')
        end_by_pipe(pipe, peer, 'DONE')


for each in KINDS:
    register_kind(each)


SUITES = (
    ('ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ecdsa'),
    ('ECDHE-ECDSA-AES256-GCM-SHA384', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ecdsa'),
    ('ECDHE-ECDSA-CHACHA20-POLY1305', 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ecdsa'),
    ('ECDHE-RSA-AES128-GCM-SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'rsa'),
    ('ECDHE-RSA-AES256-GCM-SHA384', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'rsa'),
    ('ECDHE-RSA-CHACHA20-POLY1305', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'rsa'),
)


def register_suite(theirs, ours, kind):
    @case(f'OpenSSL server with {theirs}')
    def _(test):
        peer = server(test, kind, '-cipher', theirs)
        pipe = test.start(Connecting, peer.place, fingerprint=test.fingerprint(kind))
        expect(ours in pipe.connected(), f'not {ours}')
        talk(pipe, peer)

    @case(f'OpenSSL client with {theirs}, as we ask for it')
    def _(test):
        pipe = listening(test, kind, ciphers=ours)
        peer = client(test, pipe.place)
        expect(ours in pipe.connected(), f'not {ours}')
        talk(pipe, peer)


for each in SUITES:
    register_suite(*each)


def register_group(theirs, ours):
    @case(f'OpenSSL server with {ours} alone')
    def _(test):
        peer = server(test, 'ecdsa', '-groups', theirs)
        pipe = test.start(Connecting, peer.place, fingerprint=test.fingerprint('ecdsa'),
                          groups='X25519,P-256,P-384')
        expect(f' {ours}' in pipe.connected(), f'not {ours}')
        talk(pipe, peer)

    @case(f'OpenSSL client, we with {ours} alone')
    def _(test):
        pipe = listening(test, 'ecdsa', groups=ours, max='1.2')
        peer = client(test, pipe.place, '-groups', 'X25519:P-256:P-384')
        expect(f' {ours}' in pipe.connected(), f'not {ours}')
        talk(pipe, peer)


for each in (('X25519', 'X25519'), ('P-256', 'P-256'), ('P-384', 'P-384')):
    register_group(*each)


@case('OpenSSL server with -listen: its cookie comes back')
def _(test):
    peer = server(test, 'ecdsa', '-listen')
    relay = test.start(wire.Wire, peer.port)
    # Before the cookie it takes no ClientHello in fragments, as a post-quantum one is.
    pipe = test.start(Connecting, relay.place, fingerprint=test.fingerprint('ecdsa'),
                      groups='X25519,P-256')
    talk(pipe, peer)
    expect(wire.HELLO_VERIFY_REQUEST in wire.unprotected_messages(relay.answered), 'no cookie')


@case('OpenSSL client: our cookie comes back')
def _(test):
    pipe = listening(test, 'ecdsa')
    relay = test.start(wire.Wire, pipe.port)
    peer = client(test, relay.place)
    talk(pipe, peer)
    expect(wire.HELLO_VERIFY_REQUEST == wire.unprotected_messages(relay.answered)[0], 'no cookie')


@case('OpenSSL client and --no-cookie: nothing is asked twice')
def _(test):
    pipe = listening(test, 'ecdsa', no_cookie=True)
    relay = test.start(wire.Wire, pipe.port)
    peer = client(test, relay.place)
    talk(pipe, peer)
    expect(wire.HELLO_VERIFY_REQUEST not in wire.unprotected_messages(relay.answered), 'a cookie')


def register_mtu(ours, theirs):
    @case(f'OpenSSL server, our MTU {ours}, its link\'s {theirs}')
    def _(test):
        peer = server(test, 'rsa', '-mtu', theirs)
        relay = test.start(wire.Wire, peer.port)
        pipe = test.start(Connecting, relay.place, fingerprint=test.fingerprint('rsa'), mtu=ours)
        talk(pipe, peer)
        expect(wire.longest(relay.sent) <= ours, f'we sent {wire.longest(relay.sent)} bytes')
        expect(wire.longest(relay.answered) <= theirs, 'it takes no notice of its MTU')

    @case(f'OpenSSL client, our MTU {ours}, its link\'s {theirs}')
    def _(test):
        pipe = listening(test, 'rsa', mtu=ours)
        relay = test.start(wire.Wire, pipe.port)
        peer = client(test, relay.place, '-mtu', theirs)
        talk(pipe, peer)
        expect(wire.longest(relay.answered) <= ours, 'we sent too much at once')
        expect(wire.longest(relay.sent) <= theirs, 'it takes no notice of its MTU')


for each in ((256, 256), (256, 1500), (1400, 256), (576, 576)):
    register_mtu(*each)


PSK = ('machine', '00112233445566778899aabbccddeeff')


def register_psk(suite, named=None):
    @case(f'OpenSSL server with a pre-shared key, {suite}')
    def _(test):
        peer = test.start(OpenSslServer, '-nocert', '-psk_identity', PSK[0], '-psk', PSK[1],
                          '-cipher', suite, *PEER_EXPORT)
        pipe = test.start(Connecting, peer.place, psk=':'.join(PSK), ciphers=named,
                          export=OUR_EXPORT)
        talk(pipe, peer)
        same_export(pipe, peer)
        end_by_pipe(pipe, peer, 'DONE')

    @case(f'OpenSSL client with a pre-shared key, {suite}')
    def _(test):
        pipe = test.start(Listening, psk=':'.join(PSK), ciphers=named, export=OUR_EXPORT)
        peer = test.start(OpenSslClient, pipe.place, '-psk_identity', PSK[0], '-psk', PSK[1],
                          '-cipher', suite, *PEER_EXPORT)
        talk(pipe, peer)
        same_export(pipe, peer)
        end_by_peer(pipe, peer)


# Without ECDHE there is no forward secrecy: they are used where they are named.
for each in (('PSK-AES128-GCM-SHA256', 'TLS_PSK_WITH_AES_128_GCM_SHA256'),
             ('PSK-AES256-GCM-SHA384', 'TLS_PSK_WITH_AES_256_GCM_SHA384'),
             ('PSK-CHACHA20-POLY1305', 'TLS_PSK_WITH_CHACHA20_POLY1305_SHA256'),
             ('ECDHE-PSK-CHACHA20-POLY1305',)):
    register_psk(*each)


@case('OpenSSL server: SRTP profile and its keying material')
def _(test):
    peer = server(test, 'ecdsa', '-use_srtp', 'SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM',
                  '-keymatexport', 'EXTRACTOR-dtls_srtp', '-keymatexportlen', 64)
    pipe = test.start(Connecting, peer.place, fingerprint=test.fingerprint('ecdsa'),
                      srtp='AEAD_AES_128_GCM', export='EXTRACTOR-dtls_srtp:64')
    expect('AEAD_AES_128_GCM' in pipe.connected(), 'no profile')
    expect(pipe.exported() == peer.exported(), 'keys differ')


@case('OpenSSL client: SRTP profile and its keying material')
def _(test):
    pipe = listening(test, 'ecdsa', srtp='AEAD_AES_256_GCM', export='EXTRACTOR-dtls_srtp:64')
    peer = client(test, pipe.place, '-use_srtp', 'SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM',
                  '-keymatexport', 'EXTRACTOR-dtls_srtp', '-keymatexportlen', 64)
    expect('AEAD_AES_256_GCM' in pipe.connected(), 'no profile')
    expect(pipe.exported() == peer.exported(), 'keys differ')
