"""The networks that a peer may sit in: each with media both ways, restarts from both sides and a change of address."""
from lab import Lab, case
from wrong import expect

STUN = ('--server', f'stun:{Lab.STUN}:3478')


def with_restarts(lab, call):
    """Not a packet is lost by a restart."""
    call.connect()
    call.media()
    lab.loop.sleep(0.5)
    for peer in call.peers:
        call.restart(peer)
        lab.loop.sleep(0.5)


def agents(lab, ann, bob, *options, **ways):
    return lab.call(lab.peer(ann, 'agent', 'controlling', *options),
                    lab.peer(bob, 'agent', 'controlled', *options), **ways)


def types(peer):
    """Of the candidates that a peer has told."""
    return {text.split()[7] for text in peer.candidates}


def finish(lab, call):
    call.expect_all()
    call.end()


# --- One kind of address ------------------------------------------------------------------------------

@case('IPv6 only')
def ipv6_only(lab):
    call = agents(lab, lab.host('ann', '2001:db8:1::2/64'), lab.host('bob', '2001:db8:2::2/64'))
    with_restarts(lab, call)
    call.expect_pair(call.peers[0], local='host', remote='host')
    finish(lab, call)


@case('IPv4 and IPv6 against IPv6 only')
def mixed_against_ipv6(lab):
    call = agents(lab, lab.host('ann', '10.0.1.2/24', '2001:db8:1::2/64'), lab.host('bob', '2001:db8:2::2/64'))
    with_restarts(lab, call)
    finish(lab, call)


@case('IPv4 and IPv6 on both sides')
def mixed(lab):
    call = agents(lab, lab.host('ann', '10.0.1.2/24', '2001:db8:1::2/64'),
                  lab.host('bob', '10.0.2.2/24', '2001:db8:2::2/64'))
    with_restarts(lab, call)
    finish(lab, call)


@case('ICE-TCP only: UDP is blocked')
def tcp_only(lab):
    ann, bob = lab.host('ann', '10.0.1.2/24'), lab.host('bob', '10.0.2.2/24')
    ann.blocks.add('udp')
    bob.blocks.add('udp')
    call = agents(lab, ann, bob, '--tcp')
    with_restarts(lab, call)
    call.expect_pair(call.peers[0], local='host|prflx', protocol='tcp')
    finish(lab, call)


# --- NAT ----------------------------------------------------------------------------------------------

def cone(filtering):
    @case(f'reflexive through cone NATs on both sides, {filtering} filtering')
    def run(lab):
        nats = [lab.nat(f'203.0.113.{i}', filtering=filtering) for i in (1, 2)]
        call = agents(lab, lab.host('ann', '10.0.1.2/24', nat=nats[0]), lab.host('bob', '10.0.2.2/24', nat=nats[1]),
                      *STUN)
        with_restarts(lab, call)
        expect(lab.stun.requests > 0, 'nobody has asked the STUN server')
        for peer in call.peers:
            expect(types(peer) == {'host', 'srflx'}, f'{peer.name} has candidates of the types {types(peer)}')
        call.expect_pair(call.peers[0], remote='srflx|prflx')
        finish(lab, call)


for ways in ('independent', 'address', 'port'):
    cone(ways)


def symmetric(way):
    @case(f'relayed between symmetric NATs: TURN over {way.upper()}')
    def run(lab):
        turn = lab.turn()
        nats = [lab.nat(f'203.0.113.{i}', mapping='dependent') for i in (1, 2)]
        ann, bob = (lab.host('ann', '10.0.1.2/24', nat=nats[0]), lab.host('bob', '10.0.2.2/24', nat=nats[1]))
        if way != 'udp':
            ann.blocks.add('udp')
        call = lab.call(lab.peer(ann, 'agent', 'controlling', '--server', turn.url(way), *STUN),
                        lab.peer(bob, 'agent', 'controlled', *STUN))
        with_restarts(lab, call)
        call.expect_pair(call.peers[0], local='relay')
        finish(lab, call)


for ways in ('udp', 'tcp'):
    symmetric(ways)


@case('relay only: no address of a host is told')
def relay_only(lab):
    turn = lab.turn()
    call = agents(lab, lab.host('ann', '10.0.1.2/24'), lab.host('bob', '10.0.2.2/24'), '--relay', '--server',
                  turn.url('udp'))
    with_restarts(lab, call)
    for peer in call.peers:
        expect(types(peer) == {'relay'}, f'{peer.name} has candidates of the types {types(peer)}')
        call.expect_pair(peer, local='relay', remote='relay')
        text = ' '.join(peer.candidates)
        expect('10.0.' not in text, f'{peer.name} has told its own address: {text}')
    finish(lab, call)
