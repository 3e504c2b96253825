"""DTLS 1.2 with GnuTLS's gnutls-serv, which sends back what it gets, and gnutls-cli."""
import wire
from ends import Connecting, GnuTlsClient, GnuTlsServer, Listening, expect
from secrets_of import exported_from_log
from tap import case

KINDS = ('ecdsa', 'p384', 'rsa')
# The curve of a certificate counts as a group in DTLS 1.2 (RFC 8422, 5.1.1).
GROUPS = 'X25519,P-256,P-384'
EXPORT = ('EXPERIMENTAL strait', 64)
OUR_EXPORT = f'{EXPORT[0]}:{EXPORT[1]}'


def echo(pipe):
    for i in range(3):
        pipe.say(f'line {i} of the pipe')
        pipe.wait_for(f'line {i} of the pipe\n')


def talk(pipe, peer):
    for i in range(3):
        pipe.say(f'line {i} of the pipe')
        peer.wait_for(f'line {i} of the pipe')
        peer.say(f'line {i} of the peer')
        pipe.wait_for(f'line {i} of the peer\n')


def server(test, kind, *arguments, env=None):
    return test.start(GnuTlsServer, '--x509certfile', test.file(f'{kind}.pem'), '--x509keyfile',
                      test.file(f'{kind}.key'), *arguments, env=env)


def listening(test, kind, **options):
    return test.start(Listening, fingerprint=test.fingerprint('rsa'),
                      **dict(test.key(kind), **options))


def client(test, port, *arguments, kind='rsa'):
    return test.start(GnuTlsClient, port, '--x509cafile', test.file('root.crt'),
                      '--verify-hostname', 'strait.test', '--x509certfile',
                      test.file(f'{kind}.pem'), '--x509keyfile', test.file(f'{kind}.key'),
                      *arguments)


def register_kind(kind):
    @case(f'GnuTLS server with {kind}: fingerprint, data, exported keys, close')
    def _(test):
        log = test.file(f'gnutls-{kind}.keys')
        peer = server(test, kind, env={'SSLKEYLOGFILE': log})
        relay = test.start(wire.Wire, peer.port)
        pipe = test.start(Connecting, relay.place, groups=GROUPS,
                          fingerprint=test.fingerprint(kind), export=OUR_EXPORT)
        suite = pipe.connected()
        expect(suite.startswith('DTLS 1.2 '), 'not DTLS 1.2')
        echo(pipe)
        theirs = exported_from_log(log, relay.answered, suite, *EXPORT)
        expect(pipe.exported() == theirs, f'keys differ: {pipe.exported()} and {theirs}')
        pipe.end_input()
        expect(pipe.status() == 0, 'the pipe did not end well')

    @case(f'GnuTLS client of our {kind}: chain of intermediates, data, exported keys, close')
    def _(test):
        pipe = listening(test, kind, export=OUR_EXPORT)
        peer = client(test, pipe.port, '--keymatexport', EXPORT[0], '--keymatexportsize', EXPORT[1])
        peer.wait_for('The certificate is trusted')
        talk(pipe, peer)
        expect(pipe.exported() == peer.exported(), 'keys differ')
        pipe.end_input()
        expect(pipe.status() == 0, 'the pipe did not end well')
        peer.wait_for('Peer has closed the GnuTLS connection')

    @case(f'GnuTLS server that wants our certificate, {kind}')
    def _(test):
        peer = server(test, 'ecdsa', '--require-client-cert', '--verify-client-cert',
                      '--x509cafile', test.file('root.crt'))
        pipe = test.start(Connecting, peer.place, groups=GROUPS,
                          fingerprint=test.fingerprint('ecdsa'), **test.key(kind))
        echo(pipe)


for each in KINDS:
    register_kind(each)


@case('GnuTLS server: its cookie comes back')
def _(test):
    peer = server(test, 'ecdsa')
    relay = test.start(wire.Wire, peer.port)
    pipe = test.start(Connecting, relay.place, fingerprint=test.fingerprint('ecdsa'))
    echo(pipe)
    expect(wire.HELLO_VERIFY_REQUEST in wire.unprotected_messages(relay.answered), 'no cookie')


@case('GnuTLS client: our cookie comes back')
def _(test):
    pipe = listening(test, 'ecdsa')
    relay = test.start(wire.Wire, pipe.port)
    peer = client(test, relay.port)
    talk(pipe, peer)
    expect(wire.HELLO_VERIFY_REQUEST == wire.unprotected_messages(relay.answered)[0], 'no cookie')


def register_mtu(ours, theirs):
    @case(f'GnuTLS server, our MTU {ours}, its {theirs}')
    def _(test):
        peer = server(test, 'rsa', '--mtu', theirs)
        relay = test.start(wire.Wire, peer.port)
        pipe = test.start(Connecting, relay.place, fingerprint=test.fingerprint('rsa'), mtu=ours)
        echo(pipe)
        expect(wire.longest(relay.sent) <= ours, f'we sent {wire.longest(relay.sent)} bytes')

    @case(f'GnuTLS client, our MTU {ours}, its {theirs}')
    def _(test):
        pipe = listening(test, 'rsa', mtu=ours)
        relay = test.start(wire.Wire, pipe.port)
        peer = client(test, relay.port, '--mtu', theirs)
        talk(pipe, peer)
        expect(wire.longest(relay.answered) <= ours, 'we sent too much at once')


for each in ((256, 256), (256, 1500), (1400, 300), (576, 576)):
    register_mtu(*each)


PSK = ('machine', '00112233445566778899aabbccddeeff')
# Its priorities, and the suite where ours has to be named.
PSK_KINDS = {
    'PSK': ('NORMAL:-KX-ALL:+PSK', 'TLS_PSK_WITH_AES_128_GCM_SHA256'),
    'ECDHE-PSK': ('NORMAL:-KX-ALL:+ECDHE-PSK:-CIPHER-ALL:+CHACHA20-POLY1305', None),
}


def register_psk(name, priority, named):
    @case(f'GnuTLS server with a pre-shared key, {name}')
    def _(test):
        keys = test.file(f'{name}.psk')
        with open(keys, 'w', encoding='ascii') as file:
            print(':'.join(PSK), file=file)
        peer = test.start(GnuTlsServer, '--pskpasswd', keys, '--priority', priority)
        pipe = test.start(Connecting, peer.place, psk=':'.join(PSK), ciphers=named)
        echo(pipe)


for each in PSK_KINDS:
    register_psk(each, *PSK_KINDS[each])


# With ECDHE-PSK gnutls-cli crashes while it prints what was agreed on, whoever the server is.
@case('GnuTLS client with a pre-shared key, PSK')
def _(test):
    priority, named = PSK_KINDS['PSK']
    pipe = test.start(Listening, psk=':'.join(PSK), ciphers=named, export=OUR_EXPORT)
    peer = test.start(GnuTlsClient, pipe.port, '--pskusername', PSK[0], '--pskkey', PSK[1],
                      '--priority', priority, '--keymatexport', EXPORT[0],
                      '--keymatexportsize', EXPORT[1])
    talk(pipe, peer)
    expect(pipe.exported() == peer.exported(), 'keys differ')
