"""Authorities: what they vouch for connects, what they do not is refused by name."""
import os

from cases_gnutls import GROUPS, echo
from cases_gnutls import client as gnutls_client
from cases_gnutls import server as gnutls_server
from cases_openssl import client as openssl_client
from cases_openssl import server as openssl_server
from cases_openssl import end_by_pipe, talk
from ends import Connecting, Listening, OpenSslClient, expect
from tap import case

KINDS = ('ecdsa', 'p384', 'rsa')
BOTH = ('1.2', '1.3')
NAME = 'strait.test'


def authority(test, name=NAME):
    return {'ca': test.file('root.crt'), 'name': name, 'groups': GROUPS}


def register_kind(kind):
    @case(f'OpenSSL server with {kind}: chain of intermediates and name')
    def _(test):
        peer = openssl_server(test, kind)
        pipe = test.start(Connecting, peer.place, **authority(test))
        talk(pipe, peer)
        end_by_pipe(pipe, peer, 'DONE')

    @case(f'OpenSSL client with {kind}, vouched for')
    def _(test):
        pipe = test.start(Listening, ca=test.file('root.crt'), groups=GROUPS, **test.key('ecdsa'))
        peer = openssl_client(test, pipe.place, kind=kind)
        talk(pipe, peer)
        peer.end_input()
        expect(pipe.status() == 0, 'the pipe did not end well')

    @case(f'GnuTLS server with {kind}: chain of intermediates and name')
    def _(test):
        peer = gnutls_server(test, kind)
        echo(test.start(Connecting, peer.place, **authority(test)))

    @case(f'GnuTLS client with {kind}, vouched for')
    def _(test):
        pipe = test.start(Listening, ca=test.file('root.crt'), groups=GROUPS, **test.key('ecdsa'))
        peer = gnutls_client(test, pipe.port, kind=kind)
        talk(pipe, peer)
        peer.end_input()
        expect(pipe.status() == 0, 'the pipe did not end well')

    for version in BOTH:
        register_pipes(kind, version)


def register_pipes(kind, version):
    @case(f'Pipe to pipe: {kind}, both vouched for, DTLS {version}')
    def _(test):
        both = dict(authority(test), min=version, max=version, **test.key(kind))
        server = test.start(Listening, **dict(both, name=None))
        client = test.start(Connecting, server.place, **both)
        talk(client, server)


for each in KINDS:
    register_kind(each)


def register_way(title, **options):
    @case(f'Pipe to pipe: {title}')
    def _(test):
        server = test.start(Listening, **test.key('ecdsa'))
        client = test.start(Connecting, server.place, **{
            option: value.format(pki=test.pki) for option, value in options.items()})
        talk(client, server)


register_way('a folder of authorities, and a name', ca='{pki}/trusted', name=NAME)
register_way('a file of authorities, and the address that it connects to', ca='{pki}/root.crt')
register_way('a certificate that vouches for itself alone', ca='{pki}/ecdsa.crt', name=NAME)


@case('OpenSSL client without a certificate, of a server that does not ask')
def _(test):
    pipe = test.start(Listening, **test.key('ecdsa'))
    peer = test.start(OpenSslClient, pipe.place, '-CAfile', test.file('root.crt'),
                      '-verify_return_error')
    talk(pipe, peer)
    expect('No client certificate CA names sent' in peer.out, 'it was asked')


@case('Client certificates that are wanted: one without, one with')
def _(test):
    server = test.start(Listening, ca=test.file('root.crt'), client_cert='wanted', keep=True,
                        **test.key('ecdsa'))
    for options in ({}, test.key('rsa')):
        client = test.start(Connecting, server.place, **authority(test), **options)
        client.say(f'a client with {len(options)} files')
        server.wait_for(f'a client with {len(options)} files\n')
        client.end_input()
        expect(client.status() == 0, 'it did not end well')


def refused(name, kind, code, alert, ca='root.crt', expected_name=NAME, words=()):
    def register(version):
        @case(f'Refused, DTLS {version}: {name} of the server')
        def _(test):
            server = test.start(Listening, no_cookie=True, min=version, max=version, timeout=8,
                                **test.key(kind))
            client = test.start(Connecting, server.place, min=version, max=version, timeout=8,
                                ca=test.file(ca), name=expected_name)
            says(client.complaint(), code, *words)
            says(server.complaint(), 'STRAIT_E_ALERT', alert)

    def register_client(version):
        @case(f'Refused, DTLS {version}: {name} of the client')
        def _(test):
            server = test.start(Listening, no_cookie=True, min=version, max=version, timeout=8,
                                ca=test.file(ca), **test.key('ecdsa'))
            client = test.start(Connecting, server.place, min=version, max=version, timeout=8,
                                fingerprint=test.fingerprint('ecdsa'), **test.key(kind))
            says(server.complaint(), code, *words)
            says(client.complaint(), 'STRAIT_E_ALERT', alert)

    for version in BOTH:
        register(version)
        # Nobody expects a name of a client.
        if code != 'STRAIT_E_NAME':
            register_client(version)


def says(complaint, *words):
    for word in words:
        expect(word in complaint, f'no {word!r} in {complaint!r}')


refused('a foreign chain', 'stranger', 'STRAIT_E_UNTRUSTED', 'unknown_ca', words=('--ca',))
refused('another authority', 'ecdsa', 'STRAIT_E_UNTRUSTED', 'unknown_ca', 'foreign.crt')
refused('an expired certificate', 'expired', 'STRAIT_E_EXPIRED', 'certificate_expired')
refused('a certificate of the future', 'early', 'STRAIT_E_EXPIRED', 'certificate_expired')
refused('a wrong name', 'other', 'STRAIT_E_NAME', 'bad_certificate', words=('elsewhere.test',))
refused('a wrong address', 'ecdsa', 'STRAIT_E_NAME', 'bad_certificate', expected_name='127.0.0.2')


def register_foreign(name, kind, code, starts):
    @case(f'Refused: {name}')
    def _(test):
        peer = starts(test, kind)
        pipe = test.start(Connecting, peer.place, timeout=8, **authority(test))
        says(pipe.complaint(), code)


for who, starts in (('OpenSSL', openssl_server), ('GnuTLS', gnutls_server)):
    register_foreign(f'a foreign chain of an {who} server', 'stranger', 'STRAIT_E_UNTRUSTED',
                     starts)
    register_foreign(f'an expired chain of an {who} server', 'expired', 'STRAIT_E_EXPIRED', starts)
    register_foreign(f'a wrong name of an {who} server', 'other', 'STRAIT_E_NAME', starts)


@case('Refused: an OpenSSL client of another authority hears unknown_ca')
def _(test):
    pipe = test.start(Listening, ca=test.file('root.crt'), **test.key('ecdsa'))
    peer = openssl_client(test, pipe.place, kind='stranger')
    says(pipe.complaint(), 'STRAIT_E_UNTRUSTED')
    peer.wait_for('alert unknown ca', 'err')


@case('Wrong use: a folder without authorities')
def _(test):
    os.makedirs(test.file('empty'), exist_ok=True)
    pipe = test.start(Connecting, '127.0.0.1:9', ca=test.file('empty'))
    says(pipe.complaint(), 'empty', 'STRAIT_E_NOT_FOUND')
