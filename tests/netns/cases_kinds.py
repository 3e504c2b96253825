"""Every kind of ICE with every other, host to host; an agent's host moves."""
import story
from lab import case

KINDS = (('agent', 'agent'), ('agent', 'lite'), ('agent', 'full'), ('full', 'lite'), ('full', 'full'),
         ('full', 'agent'))


def host_to_host(a, b):
    @case(f'host to host: {a} and {b}')
    def run(lab):
        call = lab.call(lab.peer(lab.host('ann', '10.0.1.2'), a, 'controlling'),
                        lab.peer(lab.host('bob', '10.0.2.2'), b, 'controlled'))
        story.begin(lab, call)
        for peer, come in zip(call.peers, ('10.0.1.77', '10.0.2.77')):
            if peer.kind == 'agent':
                story.move(lab, call, peer, peer.host.addresses[0], come)
        story.end(lab, call)


for kinds in KINDS:
    host_to_host(*kinds)


@case('host to host: new IPv6 addresses before the old ones go')
def handed_over(lab):
    call = lab.call(lab.peer(lab.host('ann', '2001:db8:1::2'), 'agent', 'controlling'),
                    lab.peer(lab.host('bob', '2001:db8:2::2'), 'agent', 'controlled'))
    story.begin(lab, call)
    for peer, come in zip(call.peers, ('2001:db8:1::77', '2001:db8:2::77')):
        story.hand_over(lab, call, peer, come)
    story.end(lab, call)


def behind_nat(a, b, mapping):
    @case(f'behind {"a symmetric NAT" if mapping == "dependent" else "a cone NAT"}: {a}, and {b} on a public address')
    def run(lab):
        nat = lab.nat('203.0.113.1', mapping=mapping, filtering='port')
        call = lab.call(lab.peer(lab.host('ann', '10.0.1.2', nat=nat), a, 'controlling'),
                        lab.peer(lab.host('bob', '198.51.100.2'), b, 'controlled'))
        story.begin(lab, call)
        story.forget(lab, call, call.peers[0], call.restart)
        if a == 'agent':
            story.forget(lab, call, call.peers[0], call.regather)
        story.end(lab, call)


for kinds in (('agent', 'lite', 'dependent'), ('agent', 'full', 'dependent'), ('agent', 'agent', 'dependent'),
              ('full', 'lite', 'independent'), ('full', 'full', 'independent')):
    behind_nat(*kinds)
