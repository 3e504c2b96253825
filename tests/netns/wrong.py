class Wrong(Exception):
    """What a case expected is not so."""


def expect(condition, what):
    if not condition:
        raise Wrong(what)
