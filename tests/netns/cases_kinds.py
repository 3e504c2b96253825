"""Every kind of ICE with every other, host to host."""
from lab import case

KINDS = (('agent', 'agent'), ('agent', 'lite'), ('agent', 'full'), ('full', 'lite'), ('full', 'full'),
         ('full', 'agent'))


def talk(lab, call):
    """Media both ways through a restart from one side and one from the other; not a packet is lost."""
    call.connect()
    call.media()
    lab.loop.sleep(0.5)
    for peer in call.peers:
        call.restart(peer)
        lab.loop.sleep(0.5)
    call.expect_all()


def host_to_host(a, b):
    @case(f'host to host: {a} and {b}')
    def run(lab):
        call = lab.call(lab.peer(lab.host('ann', '10.0.1.2/24'), a, 'controlling'),
                        lab.peer(lab.host('bob', '10.0.2.2/24'), b, 'controlled'))
        talk(lab, call)
        call.end()


for kinds in KINDS:
    host_to_host(*kinds)
