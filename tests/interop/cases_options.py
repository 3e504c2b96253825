"""What the command line gets wrong: one sentence, status 1, and nothing on standard output."""
import subprocess

from ends import Listening, Pipe, expect
from tap import case

SOME = 'sha-256 ' + ':'.join(['AB'] * 32)
SOME_PSK = 'machine:00ff'


def wrong(name, arguments, *words):
    @case(f'Wrong use: {name}')
    def _(test):
        pipe = test.start(Pipe, *[a.format(pki=test.pki) for a in arguments])
        sentence = pipe.complaint()
        for word in words:
            expect(word in sentence, f'no {word!r} in {sentence!r}')
        expect(not pipe.out and len(pipe.err.splitlines()) == 1, 'more than a sentence')


CONNECT = ('connect', '127.0.0.1:9')
FILES = {'cert': '--cert={pki}/ecdsa.pem', 'key': '--key={pki}/ecdsa.key'}

wrong('an unknown option', (*CONNECT, '--nonsense'), '--nonsense', '--help')
wrong('a value is missing', (*CONNECT, '--mtu'), '--mtu')
wrong('no port', ('connect', '127.0.0.1'), 'HOST:PORT')
wrong('IPv6 without brackets', ('connect', '::1:4433'), 'brackets')
wrong('a port that is none', ('listen', '65536'), 'PORT')
wrong('neither listen nor connect', ('send', '127.0.0.1:9'), 'listen', 'connect')
wrong('nobody is known', CONNECT, '--ca', '--fingerprint', '--psk')
wrong('known in two ways', (*CONNECT, f'--psk={SOME_PSK}', f'--fingerprint={SOME}'), 'one of them')
wrong('a fingerprint that is none', (*CONNECT, '--fingerprint=sha-256 00'), 'sha-256 AB:CD')
wrong('a key that is none', (*CONNECT, '--psk=machine:xyz'), 'IDENTITY:HEX')
wrong('a file of keys that is not there', (*CONNECT, '--psk=@/nowhere'), '/nowhere', 'No such file')
wrong('a certificate that is not there', (*CONNECT, f'--fingerprint={SOME}', '--cert=/nowhere',
                                         '--key=/nowhere'), '/nowhere', 'No such file')
wrong('a certificate without its key', (*CONNECT, f'--fingerprint={SOME}', FILES['cert']), '--key')
wrong('the key of another certificate', (*CONNECT, f'--fingerprint={SOME}', FILES['cert'],
                                        '--key={pki}/p384.key'), 'another', 'STRAIT_E_PARSE')
wrong('an MTU out of range', (*CONNECT, '--mtu=255'), '--mtu', '256')
wrong('a version that is none', (*CONNECT, '--min=1.1'), '1.2 or 1.3')
wrong('no version is left', (*CONNECT, f'--psk={SOME_PSK}', '--min=1.3', '--max=1.2'), '--min')
wrong('an unknown cipher suite', (*CONNECT, '--ciphers=RC4'), '--ciphers', 'RC4')
wrong('an unknown group', (*CONNECT, '--groups=P-521'), '--groups', 'P-521')
wrong('an unknown SRTP profile', (*CONNECT, '--srtp=NULL'), '--srtp', 'NULL')
wrong('a connection id that is none', (*CONNECT, '--cid=xyz'), '--cid')
wrong('connection ids with two versions', (*CONNECT, f'--psk={SOME_PSK}', '--cid'), '--min', '--max')
wrong('a group that its version has not', (*CONNECT, f'--psk={SOME_PSK}', '--max=1.2',
                                          '--groups=X25519MLKEM768'), '--groups', '--max')
wrong('an empty key', (*CONNECT, f'--fingerprint={SOME}', FILES['cert'], '--key=/dev/null'), 'empty')
wrong('a label without a length', (*CONNECT, '--export=label'), '--export')
wrong('a host that does not exist', ('connect', 'nowhere.invalid:9', f'--psk={SOME_PSK}'),
      'nowhere.invalid')
wrong('an address of another machine', ('listen', '192.0.2.1:0', f'--psk={SOME_PSK}'), '192.0.2.1')
wrong('a key log that cannot be written', (*CONNECT, f'--psk={SOME_PSK}', '--keylog=/nowhere/x'),
      '/nowhere/x')
wrong('--keep where nothing listens', (*CONNECT, f'--psk={SOME_PSK}', '--keep'), '--keep')


@case('Wrong use: the port is in use')
def _(test):
    first = test.start(Listening, psk=SOME_PSK)
    second = test.start(Pipe, 'listen', first.place, psk=SOME_PSK)
    expect('in use' in second.complaint(), 'it does not say so')


@case('Wrong use: a line that no datagram holds')
def _(test):
    server = test.start(Listening, psk=SOME_PSK, verbose=True)
    client = test.start(Pipe, 'connect', server.place, psk=SOME_PSK)
    client.say('short')
    client.say('x' * 2000)
    sentence = client.complaint()
    expect('datagram 2' in sentence and '--mtu' in sentence, sentence)
    expect(server.status() == 0 and server.out == 'short\n', 'the rest did not end well')


@case('Wrong use: binary input that ends within a datagram')
def _(test):
    server = test.start(Listening, psk=SOME_PSK)
    client = test.start(Pipe, 'connect', server.place, psk=SOME_PSK, length_prefixed=True)
    client.write(b'\0\0\0\5abc')
    client.end_input()
    expect('datagram 1' in client.complaint(), 'it does not say where')


@case('Wrong use: standard output is full')
def _(test):
    server = test.start(Listening, psk=SOME_PSK)
    with open('/dev/full', 'wb') as full:
        client = subprocess.Popen([Pipe.program, 'connect', server.place, f'--psk={SOME_PSK}'],
                                  stdin=subprocess.PIPE, stdout=full, stderr=subprocess.PIPE)
    server.connected()
    server.say('a word')
    sentence = client.stderr.readline()
    client.wait(10)
    client.communicate()
    expect(client.returncode == 1 and b'standard output' in sentence, f'it says {sentence}')


@case('--help and --version')
def _(test):
    helping = test.start(Pipe, '--help')
    expect(helping.status() == 0 and 'pipe connect HOST:PORT' in helping.out, 'no help')
    version = test.start(Pipe, '--version')
    expect(version.status() == 0 and version.out.startswith('pipe '), 'no version')
