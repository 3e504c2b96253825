"""What must not connect: who detects it says why, with a code of its own, and the other end gets
the alert's name, or runs out of time."""
import wire
from ends import Connecting, GnuTlsClient, Listening, OpenSslClient, OpenSslServer, expect
from tap import case

BAD_PSK = 'machine:ffeeddccbbaa99887766554433221100'
PSK = 'machine:00112233445566778899aabbccddeeff'
PLAIN_PSK = 'TLS_PSK_WITH_AES_128_GCM_SHA256'
BOTH = ('1.2', '1.3')


def known(test, server='ecdsa', client='rsa'):
    return (dict(test.key(server), fingerprint=test.fingerprint(client)),
            dict(test.key(client), fingerprint=test.fingerprint(server)))


def says(complaint, *words):
    for word in words:
        expect(word in complaint, f'no {word!r} in {complaint!r}')


def refused(name, versions, listening, connecting, *, by, says_why, other, cookie=False, psk=False):
    """Two pipes with these options more. `by`: who detects it, 'server' or 'client'."""
    def register(version):
        @case(f'Refused, DTLS {version}: {name}')
        def _(test):
            ours, theirs = ({}, {}) if psk else known(test)
            server = test.start(Listening, **dict(
                ours, min=version, max=version, timeout=8, no_cookie=None if cookie else True,
                **listening(test)))
            client = test.start(Connecting, server.place, **dict(
                theirs, min=version, max=version, timeout=8, **connecting(test)))
            ends = {'server': server, 'client': client}
            detects = ends.pop(by)
            says(detects.complaint(), *says_why)
            (remains,) = ends.values()
            if other is not None:
                says(remains.complaint(), *other)
            expect(not server.out and not client.out, 'data came nevertheless')
    for version in versions:
        register(version)


def nothing(_):
    return {}


refused('wrong fingerprint of the server', BOTH, nothing,
        lambda test: {'fingerprint': test.fingerprint('other')},
        by='client', says_why=('STRAIT_E_FINGERPRINT', '--fingerprint'),
        other=('STRAIT_E_ALERT', 'bad_certificate'))

refused('wrong fingerprint of the client', BOTH,
        lambda test: {'fingerprint': test.fingerprint('other')}, nothing,
        by='server', says_why=('STRAIT_E_FINGERPRINT', '--fingerprint'),
        other=('STRAIT_E_ALERT', 'bad_certificate'))

refused('no common group', BOTH, lambda _: {'groups': 'X25519,P-256'},
        lambda _: {'groups': 'P-384'},
        by='server', says_why=('STRAIT_E_NO_GROUP', '--groups'),
        other=('STRAIT_E_ALERT', 'handshake_failure'))

refused('no common cipher suite', ('1.2',),
        lambda _: {'ciphers': 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'},
        lambda _: {'ciphers': 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'},
        by='server', says_why=('STRAIT_E_NO_CIPHER', '--ciphers'),
        other=('STRAIT_E_ALERT', 'handshake_failure'))

refused('no common cipher suite', ('1.3',), lambda _: {'ciphers': 'TLS_AES_128_GCM_SHA256'},
        lambda _: {'ciphers': 'TLS_CHACHA20_POLY1305_SHA256'},
        by='server', says_why=('STRAIT_E_NO_CIPHER', '--ciphers'),
        other=('STRAIT_E_ALERT', 'handshake_failure'))

refused('no common cipher suite with a pre-shared key', ('1.2',),
        lambda _: {'psk': PSK, 'ciphers': PLAIN_PSK},
        lambda _: {'psk': PSK, 'ciphers': 'TLS_PSK_WITH_CHACHA20_POLY1305_SHA256'},
        psk=True, by='server', says_why=('STRAIT_E_NO_CIPHER', '--ciphers'),
        other=('STRAIT_E_ALERT', 'handshake_failure'))

refused('no common cipher suite with a pre-shared key', ('1.3',),
        lambda _: {'psk': PSK, 'ciphers': 'TLS_AES_128_GCM_SHA256'},
        lambda _: {'psk': PSK, 'ciphers': 'TLS_CHACHA20_POLY1305_SHA256'},
        psk=True, by='server', says_why=('STRAIT_E_NO_CIPHER', '--ciphers'),
        other=('STRAIT_E_ALERT', 'handshake_failure'))

refused('no common SRTP profile', BOTH, lambda _: {'srtp': 'AEAD_AES_256_GCM'},
        lambda _: {'srtp': 'AES_CM_128_HMAC_SHA1_80'},
        by='server', says_why=('STRAIT_E_NO_PROFILE', '--srtp'),
        other=('STRAIT_E_ALERT', 'handshake_failure'))

refused('wrong pre-shared key', BOTH, lambda _: {'psk': PSK}, lambda _: {'psk': BAD_PSK},
        psk=True, by='server', says_why=('STRAIT_E_PSK', '--psk'),
        other=('STRAIT_E_ALERT', 'decrypt_error'))

refused('unknown identity of a pre-shared key', BOTH, lambda _: {'psk': PSK},
        lambda _: {'psk': PSK.replace('machine', 'stranger')},
        psk=True, by='server', says_why=('STRAIT_E_PSK', '--psk'),
        other=('STRAIT_E_ALERT', 'unknown_psk_identity'))


def register_versions(server_version, client_version):
    @case(f'Refused: a server of DTLS {server_version} alone, a client of {client_version} alone')
    def _(test):
        ours, theirs = known(test)
        server = test.start(Listening, min=server_version, max=server_version, timeout=8,
                            no_cookie=True, **ours)
        client = test.start(Connecting, server.place, min=client_version, max=client_version,
                            timeout=8, **theirs)
        says(server.complaint(), 'STRAIT_E_VERSION', '--min')
        says(client.complaint(), 'STRAIT_E_ALERT', 'protocol_version')


register_versions('1.3', '1.2')
register_versions('1.2', '1.3')


@case('Refused behind a cookie: the client is told, the server stays for a better one')
def _(test):
    ours, theirs = known(test)
    server = test.start(Listening, min='1.3', groups='X25519', **ours)
    stranger = test.start(Connecting, server.place, timeout=8, groups='P-384', **theirs)
    says(stranger.complaint(), 'STRAIT_E_ALERT', 'handshake_failure')
    old = test.start(Connecting, server.place, timeout=8, max='1.2', **theirs)
    says(old.complaint(), 'STRAIT_E_ALERT', 'protocol_version')
    client = test.start(Connecting, server.place, **theirs)
    client.say('at last')
    server.wait_for('at last\n')


@case('Refused: nobody listens there')
def _(test):
    client = test.start(Connecting, '127.0.0.1:9', timeout=1, fingerprint=test.fingerprint('rsa'))
    says(client.complaint(), 'STRAIT_E_TIMEOUT', 'Connection refused')


@case('Refused: a client that goes away within its handshake')
def _(test):
    ours, theirs = known(test)
    server = test.start(Listening, timeout=1, no_cookie=True, mtu=256, **ours)
    relay = test.start(wire.Wire, server.port)
    relay.pass_on_of_client = 1
    test.start(Connecting, relay.place, groups='P-256', **theirs)
    says(server.complaint(), 'STRAIT_E_TIMEOUT')


# --- With foreign peers ---------------------------------------------------------------------------

@case('Refused by OpenSSL: our certificate is of an authority that it does not know')
def _(test):
    pipe = test.start(Listening, fingerprint=test.fingerprint('rsa'), **test.key('stranger'))
    peer = test.start(OpenSslClient, pipe.place, '-CAfile', test.file('root.crt'),
                      '-verify_return_error')
    says(pipe.complaint(), 'STRAIT_E_ALERT', 'unknown_ca')
    expect(peer.status() != 0, 'it is content')


@case('Refused by OpenSSL: our certificate has expired')
def _(test):
    pipe = test.start(Listening, fingerprint=test.fingerprint('rsa'), **test.key('expired'))
    test.start(OpenSslClient, pipe.place, '-CAfile', test.file('root.crt'),
               '-verify_return_error')
    says(pipe.complaint(), 'STRAIT_E_ALERT', 'certificate_expired')


@case('Refused by OpenSSL: our client certificate is of another authority')
def _(test):
    peer = test.start(OpenSslServer, '-cert', test.file('ecdsa.crt'), '-key',
                      test.file('ecdsa.key'), '-Verify', 5, '-verify_return_error', '-CAfile',
                      test.file('root.crt'))
    pipe = test.start(Connecting, peer.place, fingerprint=test.fingerprint('ecdsa'),
                      **test.key('stranger'))
    says(pipe.complaint(), 'STRAIT_E_ALERT', 'unknown_ca')


@case('Refused: an OpenSSL client without a certificate')
def _(test):
    pipe = test.start(Listening, fingerprint=test.fingerprint('rsa'), **test.key('ecdsa'))
    peer = test.start(OpenSslClient, pipe.place)
    says(pipe.complaint(), 'STRAIT_E_NO_CERTIFICATE')
    peer.wait_for('alert handshake failure', 'err')


def register_wrong_key(name, start):
    @case(f'Refused: {name} with another pre-shared key')
    def _(test):
        pipe = test.start(Listening, psk=PSK, timeout=5, ciphers=PLAIN_PSK)
        peer = start(test, pipe)
        says(pipe.complaint(), 'STRAIT_E_PSK')
        expect(peer.status() != 0, 'it is content')


register_wrong_key('an OpenSSL client', lambda test, pipe: test.start(
    OpenSslClient, pipe.place, '-psk_identity', 'machine', '-psk', BAD_PSK.split(':')[1],
    '-cipher', 'PSK-AES128-GCM-SHA256'))
register_wrong_key('a GnuTLS client', lambda test, pipe: test.start(
    GnuTlsClient, pipe.port, '--pskusername', 'machine', '--pskkey', BAD_PSK.split(':')[1],
    '--priority', 'NORMAL:-KX-ALL:+PSK'))


@case('Refused: an OpenSSL client whose pre-shared key would go without ECDHE')
def _(test):
    pipe = test.start(Listening, psk=PSK, timeout=5)
    peer = test.start(OpenSslClient, pipe.place, '-psk_identity', 'machine', '-psk',
                      PSK.split(':')[1], '-cipher', 'PSK-AES128-GCM-SHA256')
    peer.wait_for('alert handshake failure', 'err')


@case('Refused: a GnuTLS client of DTLS 1.0 is sent protocol_version')
def _(test):
    pipe = test.start(Listening, no_cookie=True, fingerprint=test.fingerprint('rsa'),
                      **test.key('ecdsa'))
    relay = test.start(wire.Wire, pipe.port)
    peer = test.start(GnuTlsClient, relay.port, '--insecure', '--priority',
                      'NORMAL:-VERS-ALL:+VERS-DTLS1.0:%COMPAT')
    says(pipe.complaint(), 'STRAIT_E_VERSION')
    alerts = [fragment for datagram in relay.answered
              for kind, fragment in wire.unprotected(datagram) if kind == wire.ALERT]
    expect(bytes([wire.FATAL, wire.PROTOCOL_VERSION]) in alerts, 'no alert')
    peer.stop()


# It takes the first alert for anybody's, sends its ClientHello again and believes the second.
@case('Refused behind a cookie: a GnuTLS client of DTLS 1.0 is told protocol_version')
def _(test):
    pipe = test.start(Listening, fingerprint=test.fingerprint('rsa'), **test.key('ecdsa'))
    peer = test.start(GnuTlsClient, pipe.port, '--insecure', '--priority',
                      'NORMAL:-VERS-ALL:+VERS-DTLS1.0:%COMPAT', '-d', 5)
    peer.wait_for('Error in protocol version', 'err')
    peer.wait_for('A TLS fatal alert has been received', 'err')
    expect(peer.status() != 0, 'it is content')
