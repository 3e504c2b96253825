"""The networks that a peer may sit in: each with media both ways, restarts from both sides and a change of address."""
import story
from lab import Lab, case
from wrong import expect

STUN = ('--server', f'stun:{Lab.STUN}:3478')


def agents(lab, ann, bob, *options, **ways):
    return lab.call(lab.peer(ann, 'agent', 'controlling', *options),
                    lab.peer(bob, 'agent', 'controlled', *options), **ways)


def types(peer):
    """Of the candidates that a peer has told."""
    return {text.split()[7] for text in peer.candidates}


def expect_types(call, *wanted):
    for peer in call.peers:
        expect(types(peer) == set(wanted), f'{peer.name} has candidates of the types {types(peer)}')


# --- Kinds of addresses -------------------------------------------------------------------------------

@case('IPv6 only')
def ipv6_only(lab):
    call = agents(lab, lab.host('ann', '2001:db8:1::2'), lab.host('bob', '2001:db8:2::2'), '--server',
                  f'stun:[{Lab.STUN_6}]:3478')
    story.begin(lab, call)
    expect(lab.stun.requests > 0, 'nobody has asked the STUN server')
    story.move(lab, call, call.peers[0], '2001:db8:1::2', '2001:db8:1::77')
    story.move(lab, call, call.peers[1], '2001:db8:2::2', '2001:db8:2::77')
    call.expect_pair(call.peers[0], local='host', remote='host|prflx')
    story.end(lab, call)


@case('IPv4 and IPv6 against IPv6 only')
def mixed_against_ipv6(lab):
    call = agents(lab, lab.host('ann', '10.0.1.2', '2001:db8:1::2'), lab.host('bob', '2001:db8:2::2'))
    story.begin(lab, call)
    story.move(lab, call, call.peers[1], '2001:db8:2::2', '10.0.2.2')
    story.end(lab, call)


@case('IPv4 and IPv6 on both sides, of which one goes')
def mixed(lab):
    call = agents(lab, lab.host('ann', '10.0.1.2', '2001:db8:1::2'), lab.host('bob', '10.0.2.2', '2001:db8:2::2'))
    story.begin(lab, call)
    ann = call.peers[0]
    used = ann.paths[-1][0]
    story.move(lab, call, ann, next(a for a in ann.host.addresses if a in used), None)
    expect(ann.paths[-1][0].startswith('[') != used.startswith('['), f'the path is still that of {used}')
    story.end(lab, call)


@case('ICE-TCP only: UDP is blocked')
def tcp_only(lab):
    ann, bob = lab.host('ann', '10.0.1.2'), lab.host('bob', '10.0.2.2')
    ann.blocks.add('udp')
    bob.blocks.add('udp')
    call = agents(lab, ann, bob, '--tcp')
    story.begin(lab, call)
    story.move(lab, call, call.peers[0], '10.0.1.2', '10.0.1.77')
    call.expect_pair(call.peers[0], local='host|prflx', protocol='tcp')
    story.end(lab, call)


# --- NAT ----------------------------------------------------------------------------------------------

def behind_nats(lab, *servers, **ways):
    nats = [lab.nat(f'203.0.113.{i}', **ways) for i in (1, 2)]
    return agents(lab, lab.host('ann', '10.0.1.2', nat=nats[0]), lab.host('bob', '10.0.2.2', nat=nats[1]), *servers)


def cone(filtering):
    @case(f'reflexive between cone NATs with {filtering} filtering')
    def run(lab):
        call = behind_nats(lab, *STUN, filtering=filtering)
        story.begin(lab, call)
        expect(lab.stun.requests > 0, 'nobody has asked the STUN server')
        expect_types(call, 'host', 'srflx')
        call.expect_pair(call.peers[0], remote='srflx|prflx')
        story.forget(lab, call, call.peers[0], call.regather)
        story.move(lab, call, call.peers[1], '10.0.2.2', '10.0.2.77')
        story.end(lab, call)


for ways in ('independent', 'address', 'port'):
    cone(ways)


@case('a cone NAT has forgotten its mappings: a restart on the sockets that there are')
def forgetful(lab):
    nat = lab.nat('203.0.113.1', filtering='address')
    call = agents(lab, lab.host('ann', '10.0.1.2', nat=nat), lab.host('bob', '198.51.100.2'), *STUN)
    story.begin(lab, call)
    story.forget(lab, call, call.peers[0], call.restart)
    story.end(lab, call)


@case('between symmetric NATs without a relay: it fails, and says why')
def no_way(lab):
    call = behind_nats(lab, *STUN, '--ice-timeout', '8', mapping='dependent')
    call.start()
    lab.loop.until('both have failed', lambda: all(peer.state == 'failed' for peer in call.peers), 25)
    for peer in call.peers:
        expect(not peer.paths and not peer.reached('connected'), f'{peer.name} was connected')
        expect('no pair of candidates works' in ' '.join(peer.story), f'{peer.name} does not say why')
    call.end()


def symmetric(way):
    @case(f'relayed between symmetric NATs: TURN over {way.upper()}')
    def run(lab):
        turn = lab.turn()
        nats = [lab.nat(f'203.0.113.{i}', mapping='dependent') for i in (1, 2)]
        ann, bob = lab.host('ann', '10.0.1.2', nat=nats[0]), lab.host('bob', '10.0.2.2', nat=nats[1])
        if way != 'udp':
            ann.blocks.add('udp')
        call = lab.call(lab.peer(ann, 'agent', 'controlling', '--server', turn.url(way), '--trust',
                                 turn.certificate, *STUN),
                        lab.peer(bob, 'agent', 'controlled', *STUN))
        story.begin(lab, call)
        call.expect_pair(call.peers[0], local='relay')
        story.forget(lab, call, call.peers[0], call.regather)
        call.expect_pair(call.peers[0], local='relay')
        story.move(lab, call, call.peers[1], '10.0.2.2', '10.0.2.77')
        call.expect_pair(call.peers[0], local='relay')
        story.end(lab, call)


for ways in ('udp', 'tcp', 'tls'):
    symmetric(ways)


@case('relay only: no address of a host is told')
def relay_only(lab):
    turn = lab.turn()
    call = agents(lab, lab.host('ann', '10.0.1.2'), lab.host('bob', '10.0.2.2'), '--relay', '--server',
                  turn.url('udp'))
    story.begin(lab, call)
    story.move(lab, call, call.peers[0], '10.0.1.2', '10.0.1.77')
    expect_types(call, 'relay')
    for peer in call.peers:
        call.expect_pair(peer, local='relay', remote='relay')
        text = ' '.join(peer.candidates)
        expect('10.0.' not in text, f'{peer.name} has told its own address: {text}')
    story.end(lab, call)


@case('relay only, the relay over IPv6')
def relay_only_over_ipv6(lab):
    turn = lab.turn()
    call = agents(lab, lab.host('ann', '2001:db8:1::2'), lab.host('bob', '2001:db8:2::2'), '--relay', '--server',
                  turn.url('udp', ipv6=True))
    story.begin(lab, call)
    story.move(lab, call, call.peers[0], '2001:db8:1::2', '2001:db8:1::77')
    expect_types(call, 'relay')
    for peer in call.peers:
        call.expect_pair(peer, local='relay', remote='relay')
    story.end(lab, call)
