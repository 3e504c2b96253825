"""Two peers and the signalling between them, which goes another way than their packets."""
import time

from wrong import expect

MEDIA_MS = 5
LOOPBACK = ('127.0.0.1', '::1')


class Call:
    """`wanted` says of a candidate's text whether it is signalled, beside those of loopback, which are not."""

    def __init__(self, loop, a, b, wanted=lambda text: True):
        self.loop, self.peers, self.wanted = loop, (a, b), wanted
        self.breaks = []  # (peer, numbers from, to, refused): where packets may be lost
        self.notes = []
        self.told = {}  # the credentials that have been signalled

    def other(self, peer):
        a, b = self.peers
        return b if peer is a else a

    def _signal(self, peer):
        """Its credentials, and what candidates there are; more follow as they are gathered."""
        other, local = self.other(peer), peer.local
        self.told[peer] = local
        other.say('remote', local['ufrag'], local['pwd'], local['lite'])
        for text in peer.candidates:
            self._candidate(peer, text)
        if peer.gathered:
            other.say('end')

    def _candidate(self, peer, text):
        if text.split()[4] not in LOOPBACK and self.wanted(text):
            self.other(peer).say('candidate', text)

    def _trickle(self, peer):
        """Candidates of new sockets come after their credentials."""
        def later(send, *what):
            if self.told[peer] is peer.local:
                send(*what)
        peer.on_candidate = lambda text: later(self._candidate, peer, text)
        peer.on_gathered = lambda: later(self.other(peer).say, 'end')

    def start(self):
        self.loop.until('both peers are there',
                        lambda: all(peer.local or not peer.open for peer in self.peers))
        for peer in self.peers:
            expect(peer.local, f'{peer.name}: its process has ended')
        for peer in self.peers:
            self.other(peer).say('fingerprint', peer.fingerprint)
            self._signal(peer)
            self._trickle(peer)
        for peer in self.peers:
            if peer.kind == 'agent':
                peer.say('gather')

    def connect(self, patience=20):
        start = time.monotonic()
        self.start()
        self.until_connected(0.0, patience)
        self.loop.until('DTLS is connected on both sides',
                        lambda: all('connected' in peer.dtls for peer in self.peers))
        self.took = time.monotonic() - start

    def until_connected(self, since, patience=20):
        self.loop.until(
            'both are connected',
            lambda: all(peer.reached('connected', since) or peer.reached('completed', since)
                        for peer in self.peers), patience)

    def _renew(self, peer, word):
        before = peer.local
        peer.say(word)
        self.loop.until(f'new credentials of {peer.name}', lambda: peer.local is not before)
        self._signal(peer)

    def _until_completed(self, since, patience=20):
        self.loop.until('the restart has completed on both sides',
                        lambda: all(peer.reached('completed', since) for peer in self.peers), patience)

    def restart(self, first):
        """An offer and an answer with new credentials."""
        since = time.monotonic()
        self._renew(first, 'restart')
        self._renew(self.other(first), 'restart')
        self._until_completed(since)

    def regather(self, first):
        """The same with new sockets on one side, whose network has changed."""
        since = time.monotonic()
        first.regathering = True
        self._renew(first, 'regather')
        self._renew(self.other(first), 'restart')
        self._until_completed(since)

    # --- Media ------------------------------------------------------------------------------------

    def media(self):
        """Numbered packets both ways from now on."""
        for peer in self.peers:
            peer.say('media', MEDIA_MS)

    def _sent(self):
        return {peer: (peer.ask_stats()['sent'], peer.stats['refused']) for peer in self.peers}

    def _until_got(self, what, numbers, patience=10.0):
        """Waits until each peer's packet of that number, or a later one, is there."""
        for peer in self.peers:
            other, number = self.other(peer), numbers[peer][0]
            self.loop.until(f'media of {peer.name} flow {what}',
                            lambda other=other, number=number: other.ask_stats()['highest'] >= number, patience)

    def change(self, what, happen, recover):
        """Something that cuts the path, and what both do about it. Packets that are sent from then until media flow
        both ways again may be lost, and no others; it is told how many are."""
        before = self._sent()
        self._until_got(f'before {what}', before)
        start = time.monotonic()
        happen()
        recover()
        self._until_got(f'again after {what}', self._sent())
        seconds, after = time.monotonic() - start, self._sent()
        for peer in self.peers:
            refused = after[peer][1] - before[peer][1]
            self.breaks.append((peer, before[peer][0] + 1, after[peer][0], refused))
        self.notes.append((what, seconds, len(self.breaks) - 2))

    def tell_breaks(self):
        """For people, a line each, at the end."""
        yield f'connected after {self.took:.2f} s'
        for what, seconds, at in self.notes:
            lost = [sum(1 for n in self._missing(peer) if first <= n <= last)
                    for peer, first, last, _ in self.breaks[at:at + 2]]
            sent = [last - first + 1 + refused for _, first, last, refused in self.breaks[at:at + 2]]
            refused = sum(entry[3] for entry in self.breaks[at:at + 2])
            yield (f'{what}: all is well again after {seconds:.1f} s; of {sent[0]} and {sent[1]} packets '
                   f'{lost[0]} and {lost[1]} were lost' + (f', {refused} refused' if refused else ''))

    def _missing(self, peer):
        """The numbers of a peer's packets that the other has not got."""
        stats = self.other(peer).stats
        for entry in filter(None, str(stats['missing']).split(',')):
            first, last = entry.split('-')
            yield from range(int(first), int(last) + 1)
        yield from range(stats['highest'] + 1, peer.stats['sent'] + 1)

    def _lost(self, peer):
        """... outside of the breaks."""
        return [n for n in self._missing(peer)
                if not any(p is peer and first <= n <= last for p, first, last, _ in self.breaks)]

    def _settled(self):
        for peer in self.peers:
            peer.ask_stats()
        return not any(self._lost(peer) for peer in self.peers)

    def end_media(self, patience=3.0):
        """No more, and time for the last ones to come."""
        for peer in self.peers:
            peer.say('media', 0)
        end = time.monotonic() + patience
        while not self._settled() and time.monotonic() < end:
            self.loop.sleep(0.2)

    def expect_all(self):
        """Not a packet is lost, refused or damaged but where a path was cut."""
        self.end_media()
        for peer in self.peers:
            stats, lost = peer.stats, self._lost(peer)
            refused = stats['refused'] - sum(entry[3] for entry in self.breaks if entry[0] is peer)
            expect(stats['sent'] > 100, f'{peer.name} has sent {stats["sent"]} packets')
            expect(refused == 0, f'{peer.name}: {refused} packets were refused')
            expect(not lost, f'{peer.name}: of {stats["sent"]} packets {len(lost)} are lost: {lost[:20]}')
            expect(stats['twice'] == 0 and stats['stranger'] == 0,
                   f'{peer.name}: {stats["twice"]} packets came twice, {stats["stranger"]} damaged')

    def expect_pair(self, peer, **wanted):
        """local=, remote= (types) and protocol= of an agent's selected pair; several are 'a|b'."""
        stats = peer.ask_stats()
        for key, value in wanted.items():
            expect(str(stats.get(key)) in value.split('|'),
                   f'{peer.name}: {key} of the selected pair is {stats.get(key)}, not {value}')

    def end(self):
        for peer in self.peers:
            peer.end()
