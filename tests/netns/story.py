"""What every case tells: a connection with media, restarts from both sides, and a change of address."""

from wrong import expect

REST = 0.3


def begin(lab, call):
    """Media both ways, through a restart from one side and one from the other; not a packet is lost."""
    call.connect()
    call.media()
    lab.loop.sleep(REST)
    for peer in call.peers:
        call.restart(peer)
        lab.loop.sleep(REST)


def end(lab, call):
    call.expect_all()
    for line in call.tell_breaks():
        lab.note(line)
    call.end()


def _notices(lab, peer, change):
    """An agent is told that its host's network is another."""
    before = peer.changes
    change()
    lab.loop.until(f'{peer.name} is told of the change', lambda: peer.changes > before, 5)


def move(lab, call, peer, gone, come):
    """The peer's host has another address instead of one. It is told so and gathers anew."""
    def replace():
        peer.host.remove(gone)
        if come is not None:
            peer.host.add(come)
    call.change(f'another address of {peer.name}', lambda: _notices(lab, peer, replace), lambda: call.regather(peer))
    lab.loop.sleep(REST)


def hand_over(lab, call, peer, come):
    """A network is renumbered: the new address is there before the old one goes, and nothing is lost."""
    gone = peer.host.addresses[0]

    def replace():
        peer.host.add(come)
        peer.host.deprecate(gone)
    _notices(lab, peer, replace)
    call.regather(peer)
    lab.loop.sleep(REST)
    expect(come in peer.paths[-1][0], f'{peer.name} still uses {peer.paths[-1][0]}')
    peer.host.remove(gone)
    lab.loop.sleep(REST)


def forget(lab, call, peer, recover):
    """The NAT before a peer has lost its mappings."""
    call.change(f'the NAT of {peer.name} forgets', peer.host.nat.forget, lambda: recover(peer))
    lab.loop.sleep(REST)
