"""What every case tells: a connection with media, restarts from both sides, and a change of address."""

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


def move(lab, call, peer, gone, come):
    """The peer's host has another address instead of one, and gathers anew."""
    def happen():
        peer.host.remove(gone)
        if come is not None:
            peer.host.add(come)
    call.change(f'another address of {peer.name}', happen, lambda: call.regather(peer))
    lab.loop.sleep(REST)


def hand_over(lab, call, peer, come):
    """The new address is there before the old one goes: nothing is lost."""
    gone = peer.host.addresses[0]
    peer.host.add(come)
    call.regather(peer)
    lab.loop.sleep(REST)
    peer.host.remove(gone)
    lab.loop.sleep(REST)


def forget(lab, call, peer, recover):
    """The NAT before a peer has lost its mappings."""
    call.change(f'the NAT of {peer.name} forgets', peer.host.nat.forget, lambda: recover(peer))
    lab.loop.sleep(REST)
