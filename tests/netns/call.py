"""Two peers and the signalling between them, which goes another way than their packets."""
import time

from wrong import expect

MEDIA_MS = 5
LOOPBACK = ('127.0.0.1', '::1')


class Call:
    """`wanted` says of a candidate's text whether it is signalled, beside those of loopback, which are not."""

    def __init__(self, loop, a, b, wanted=lambda text: True):
        self.loop, self.peers, self.wanted = loop, (a, b), wanted

    def other(self, peer):
        a, b = self.peers
        return b if peer is a else a

    def _signal(self, peer):
        """Its credentials, and what candidates there are; more follow as they are gathered."""
        other, local = self.other(peer), peer.local
        other.say('remote', local['ufrag'], local['pwd'], local['lite'])
        for text in peer.candidates:
            self._candidate(peer, text)
        if peer.gathered:
            other.say('end')

    def _candidate(self, peer, text):
        if text.split()[4] not in LOOPBACK and self.wanted(text):
            self.other(peer).say('candidate', text)

    def _trickle(self, peer):
        peer.on_candidate = lambda text: self._candidate(peer, text)
        peer.on_gathered = lambda: self.other(peer).say('end')

    def start(self):
        self.loop.until('both peers are there',
                        lambda: all(peer.local or not peer.open for peer in self.peers))
        for peer in self.peers:
            self.other(peer).say('fingerprint', peer.fingerprint)
            self._signal(peer)
            self._trickle(peer)
        for peer in self.peers:
            if peer.kind == 'agent':
                peer.say('gather')

    def connect(self, patience=20):
        self.start()
        self.until_connected(0.0, patience)
        self.loop.until('DTLS is connected on both sides',
                        lambda: all('connected' in peer.dtls for peer in self.peers))

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

    def _all_there(self):
        return all(self.other(peer).ask_stats()['received'] >= peer.stats['sent'] for peer in self.peers)

    def end_media(self, patience=3.0):
        """No more, and time for the last ones to come."""
        for peer in self.peers:
            peer.say('media', 0)
        for peer in self.peers:
            peer.ask_stats()
        end = time.monotonic() + patience
        while not self._all_there() and time.monotonic() < end:
            self.loop.sleep(0.2)

    def lost(self, peer):
        """How many of its packets the other has not got."""
        return peer.stats['sent'] - self.other(peer).stats['received']

    def expect_all(self):
        self.end_media()
        for peer in self.peers:
            stats, other = peer.stats, self.other(peer).stats
            expect(stats['sent'] > 0, f'{peer.name} has sent nothing')
            expect(stats['refused'] == 0, f'{peer.name}: {stats["refused"]} packets were refused')
            expect(other['received'] == stats['sent'],
                   f'{peer.name}: of {stats["sent"]} packets {self.lost(peer)} are lost: '
                   f'{other["missing"] or "the last ones"}')
            expect(other['twice'] == 0 and other['stranger'] == 0,
                   f'{peer.name}: packets came twice or damaged')

    def expect_pair(self, peer, **wanted):
        """local=, remote= (types) and protocol= of an agent's selected pair; several are 'a|b'."""
        stats = peer.ask_stats()
        for key, value in wanted.items():
            expect(str(stats.get(key)) in value.split('|'),
                   f'{peer.name}: {key} of the selected pair is {stats.get(key)}, not {value}')

    def end(self):
        for peer in self.peers:
            peer.end()
