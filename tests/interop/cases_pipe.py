"""Pipe to pipe: what has no foreign peer here."""
import os
import time

import wire
from ends import Connecting, Listening, expect
from tap import case

EXPORT = 'EXPERIMENTAL strait:64'
PSK = 'machine:00112233445566778899aabbccddeeff'


def knowing_each_other(test, server='ecdsa', client='rsa'):
    """Options of a listening and of a connecting pipe, both known by fingerprint."""
    return (dict(test.key(server), fingerprint=test.fingerprint(client)),
            dict(test.key(client), fingerprint=test.fingerprint(server)))


def pair(test, both=None, listening=None, connecting=None, relay=False):
    """Two pipes; with `relay` a wire between them."""
    both = dict({'export': EXPORT}, **(both or {}))
    ours, theirs = ({}, {}) if 'psk' in both else knowing_each_other(test)
    server = test.start(Listening, **dict(ours, **both, **(listening or {})))
    between = test.start(wire.Wire, server.port) if relay else None
    client = test.start(Connecting, between.place if relay else server.place,
                        **dict(theirs, **both, **(connecting or {})))
    return server, client, between


def talk(one, other):
    for i in range(3):
        one.say(f'question {i}')
        other.wait_for(f'question {i}\n')
        other.say(f'answer {i}')
        one.wait_for(f'answer {i}\n')
    expect(one.out == ''.join(f'answer {i}\n' for i in range(3)), f'this came: {one.out!r}')
    expect(other.out == ''.join(f'question {i}\n' for i in range(3)), f'this came: {other.out!r}')


def end(one, other):
    one.end_input()
    expect(one.status() == 0, 'it did not end well')
    expect(other.status() == 0, 'the other did not end well')


def register(version, group, cookie):
    @case(f'Pipe to pipe: DTLS {version}, {group}, {"with" if cookie else "without"} a cookie')
    def _(test):
        server, client, between = pair(
            test, both={'min': version, 'max': version, 'groups': f'{group},P-256'}, relay=True,
            listening={'no_cookie': True if not cookie else None})
        agreed = client.connected()
        expect(agreed.startswith(f'DTLS {version} ') and agreed.endswith(group),
               f'this was agreed on: {agreed}')
        expect(server.connected() == agreed, 'the ends differ')
        expect(server.exported() == client.exported(), 'keys differ')
        talk(client, server)
        asked = wire.unprotected_messages(between.answered).count(
            wire.HELLO_VERIFY_REQUEST if version == '1.2' else wire.SERVER_HELLO)
        expect(asked == cookie + (version == '1.3'), f'{asked} times it asked or answered')
        end(client, server)


for each in (('1.2', 'X25519'), ('1.2', 'P-256'), ('1.3', 'X25519MLKEM768'), ('1.3', 'X25519'),
             ('1.3', 'P-384')):
    register(*each, True)
    register(*each, False)


def register_psk(version):
    @case(f'Pipe to pipe: pre-shared key in DTLS {version}')
    def _(test):
        server, client, _ = pair(test, both={'psk': PSK, 'min': version, 'max': version})
        expect(client.connected() == server.connected(), 'the ends differ')
        expect(server.exported() == client.exported(), 'keys differ')
        talk(client, server)
        end(server, client)

    @case(f'Pipe to pipe: many pre-shared keys in a file, DTLS {version}')
    def _(test):
        keys = test.file(f'pipe-{version}.psk')
        with open(keys, 'w', encoding='ascii') as file:
            print(f'# identity:key\nother:ff00\n{PSK}', file=file)
        server = test.start(Listening, psk=f'@{keys}', min=version, max=version)
        client = test.start(Connecting, server.place, psk=PSK)
        talk(client, server)

    @case(f'Pipe to pipe: the client moves with its connection id, DTLS {version}')
    def _(test):
        server, client, between = pair(test, both={'min': version, 'max': version}, relay=True,
                                       listening={'cid': 'c0ffee'}, connecting={'cid': True})
        expect(client.connected().endswith(' cid'), 'no connection ids')
        talk(client, server)
        before = len(between.sent)
        between.move()
        client.say('from elsewhere')
        server.wait_for('from elsewhere\n')
        server.wait_for('The peer has moved to ', 'err')
        server.say('to elsewhere')
        client.wait_for('to elsewhere\n')
        expect(b'\xc0\xff\xee' in between.sent[before][:16], 'no connection id on the wire')
        end(client, server)

    @case(f'Pipe to pipe: without connection ids nobody moves, DTLS {version}')
    def _(test):
        server, client, between = pair(test, both={'min': version, 'max': version}, relay=True)
        talk(client, server)
        between.move()
        client.say('from elsewhere')
        time.sleep(0.3)
        expect('from elsewhere' not in server.out, 'it moved')

    @case(f'Pipe to pipe: idle in DTLS {version}')
    def _(test):
        server, client, _ = pair(test, both={'min': version, 'max': version},
                                 listening={'idle': 1})
        talk(client, server)
        expect('STRAIT_E_IDLE' in server.complaint(), 'it does not say why it ended')
        expect(client.status() == 0, 'close_notify is an orderly end')

    @case(f'Pipe to pipe: both log the same keys, DTLS {version}')
    def _(test):
        logs = [test.file(f'{end}-{version}.keys') for end in ('server', 'client')]
        server, client, _ = pair(test, both={'min': version, 'max': version},
                                 listening={'keylog': logs[0]}, connecting={'keylog': logs[1]})
        talk(client, server)
        end(client, server)
        lines = [sorted(set(open(log, encoding='ascii').read().splitlines())) for log in logs]
        expect(len(lines[0]) >= (1 if version == '1.2' else 5), f'too few lines: {lines[0]}')
        expect(lines[0] == lines[1], f'keys differ: {lines}')
        expect(os.stat(logs[0]).st_mode & 0o077 == 0, 'others may read them')

    for mtu in (256, 576, 1500):
        register_mtu(version, mtu)


def register_mtu(version, mtu):
    @case(f'Pipe to pipe: MTU {mtu}, DTLS {version}')
    def _(test):
        server, client, between = pair(test, both={'min': version, 'max': version, 'mtu': mtu},
                                       relay=True)
        expect(server.exported() == client.exported(), 'keys differ')
        talk(client, server)
        longest = wire.longest(between.sent + between.answered)
        expect(longest <= mtu, f'a datagram has {longest} bytes')


for each in ('1.2', '1.3'):
    register_psk(each)


@case('Pipe to pipe: SSLKEYLOGFILE is written to, and said')
def _(test):
    log = test.file('environment.keys')
    server = test.start(Listening, psk=PSK)
    client = test.start(Connecting, server.place, psk=PSK, env={'SSLKEYLOGFILE': log})
    talk(client, server)
    client.wait_for('SSLKEYLOGFILE', 'err')
    expect(log in client.err, 'the warning does not say where')
    lines = open(log, encoding='ascii').read().splitlines()
    expect(any(line.startswith('CLIENT_TRAFFIC_SECRET_0 ') for line in lines), f'{lines}')
    expect(os.stat(log).st_mode & 0o077 == 0, 'others may read them')
    end(client, server)


@case('Pipe to pipe: IPv6')
def _(test):
    ours, theirs = knowing_each_other(test)
    server = test.start(Listening, '[::1]', **ours)
    expect(server.place.startswith('[::1]:'), 'it does not say where')
    client = test.start(Connecting, server.place, **theirs)
    talk(client, server)
    end(server, client)


@case('Pipe to pipe: all addresses, IPv4 and IPv6, peer after peer')
def _(test):
    ours, theirs = knowing_each_other(test)
    server = test.start(Listening, '', keep=True, **ours)
    for i, host in enumerate(('127.0.0.1', '[::1]', '127.0.0.1')):
        client = test.start(Connecting, f'{host}:{server.port}', **theirs)
        client.connected()
        client.say(f'client {i}')
        server.wait_for(f'client {i}\n')
        server.say(f'to client {i}')
        client.wait_for(f'to client {i}\n')
        client.end_input()
        expect(client.status() == 0, 'it did not end well')
        server.wait_for(f'(Closed by (?s:.*)){{{i + 1}}}', 'err')


@case('Pipe to pipe: binary datagrams keep their bounds')
def _(test):
    server, client, _ = pair(test, both={'length_prefixed': True})
    sizes = [1, 2, 9, 10, 100, 1000, 1100, 3]
    parts = [bytes((i * 7 + k) % 256 for k in range(size)) for i, size in enumerate(sizes)]
    stream = b''.join(len(part).to_bytes(4, 'big') + part for part in parts)
    client.connected()
    # In pieces that keep to no bounds.
    for at in range(0, len(stream), 333):
        client.write(stream[at:at + 333])
    end(client, server)
    expect(server.text['out'] == stream, 'other datagrams came')


@case('Pipe to pipe: a short input arrives whole before the end')
def _(test):
    server, client, _ = pair(test)
    client.write(''.join(f'line {i}\n' for i in range(50)) + 'without an end')
    end(client, server)
    lines = [f'line {i}' for i in range(50)] + ['without an end']
    expect(server.out.splitlines() == lines, f'this came: {server.out!r}')


@case('Pipe to pipe: --linger hears what comes after the end of input')
def _(test):
    server, client, _ = pair(test, connecting={'linger': 60})
    client.say('last words')
    client.end_input()
    server.wait_for('last words\n')
    server.say('an answer')
    client.wait_for('an answer\n')
    end(server, client)


@case('Pipe to pipe: Ctrl-C is an orderly end, and --stats tells of it')
def _(test):
    server, client, _ = pair(test, connecting={'stats': True})
    talk(client, server)
    client.process.terminate()
    expect(client.status() == 0, 'it did not end well')
    expect(server.status() == 0, 'the other was not told')
    expect('\ndatagrams_sent ' in client.err, 'no counters')
