"""A peer's network is cut: it is told, sending ends with consent (RFC 7675), and a restart brings it back."""
import time

import story
from lab import case
from wrong import expect

CONSENT_S = 30  # without an answer
BETWEEN_S = 7   # two checks, at most; the last answer is older than the cut by that
SLACK_S = 3
SILENCE_S = 4


def cut(lab, call):
    """Returns when."""
    for peer in call.peers:
        peer.host.cut = True
    return time.monotonic()


def fails(lab, call, since):
    """Each is disconnected, then failed in time."""
    lab.loop.until('both have failed', lambda: all(p.reached('failed', since) for p in call.peers),
                   CONSENT_S + SLACK_S + 5)
    for peer in call.peers:
        gone, failed = peer.reached('disconnected', since), peer.reached('failed', since)
        expect(gone is not None, f'{peer.name} was never told that it is disconnected')
        expect(gone <= failed - CONSENT_S / 3,
               f'{peer.name} was disconnected only {failed - gone:.1f} s before it failed')
        expect(CONSENT_S - BETWEEN_S <= failed - since <= CONSENT_S + SLACK_S,
               f'{peer.name} has failed {failed - since:.1f} s after the cut')
        lab.note(f'{peer.name} ({peer.kind}): disconnected {gone - since:.1f} s and failed '
                 f'{failed - since:.1f} s after the cut')


def is_silent(lab, call, since, media):
    """Not a packet leaves a host after consent is gone, though the application goes on sending. What a host says to
    its relay for itself, to keep it, needs no consent."""
    allowed = ('stun',) if media == 'turn' else ()
    lab.loop.sleep(SILENCE_S)
    for peer in call.peers:
        failed = peer.reached('failed', since)
        during = [kind for at, kind in peer.host.sent if since < at < failed]
        after = [(round(at - failed, 2), kind) for at, kind in peer.host.sent
                 if at > failed + 0.25 and kind not in allowed]
        expect(during.count(media) > 100, f'{peer.name} had stopped before consent was gone')
        expect(not after, f'{peer.name} has sent {len(after)} packets after that: {after[:10]}')


def consent(a, b, relayed=False):
    @case(f'consent is gone when the network is cut: {a} and {b}{", relayed" if relayed else ""}', slow=True)
    def run(lab):
        options = ('--relay', '--server', lab.turn().url('udp')) if relayed else ()
        call = lab.call(lab.peer(lab.host('ann', '10.0.1.2'), a, 'controlling', *options),
                        lab.peer(lab.host('bob', '10.0.2.2'), b, 'controlled', *options))
        call.connect()
        call.media()
        lab.loop.sleep(story.REST)

        def happen():
            since = cut(lab, call)
            fails(lab, call, since)
            is_silent(lab, call, since, 'turn' if relayed else 'rtp')
            for peer in call.peers:
                peer.host.cut = False

        call.change('no network for a while', happen, lambda: call.restart(call.peers[0]))
        lab.loop.sleep(story.REST)
        story.end(lab, call)


for kinds in (('agent', 'agent'), ('agent', 'lite'), ('agent', 'full'), ('full', 'lite'), ('full', 'full')):
    consent(*kinds)
consent('agent', 'agent', relayed=True)
