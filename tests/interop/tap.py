"""Cases and their report: one line of TAP each."""
import concurrent.futures
import hashlib
import ssl
import sys
import time
import traceback

from ends import End, Wrong

CASES = []
AT_ONCE = 6  # most of the time they wait


def case(name):
    """Registers a function of one argument, the case's `Test`."""
    def register(function):
        CASES.append((name, function))
        return function
    return register


class Test:
    """What a case has started, so that it is stopped whatever happens."""

    def __init__(self, pki):
        self.pki = pki
        self.started = []

    def start(self, kind, *arguments, **options):
        made = kind.__new__(kind)
        self.started.append(made)  # first: what fails to start may run nevertheless
        made.__init__(*arguments, **options)
        return made

    def file(self, name):
        return f'{self.pki}/{name}'

    def key(self, name):
        """The options of a pipe with this certificate."""
        return {'cert': self.file(f'{name}.pem'), 'key': self.file(f'{name}.key')}

    def fingerprint(self, name, kind='sha256'):
        with open(self.file(f'{name}.crt'), encoding='ascii') as file:
            der = ssl.PEM_cert_to_DER_cert(file.read())
        digest = hashlib.new(kind, der).digest()
        return f'{kind[:3]}-{kind[3:]} ' + ':'.join(f'{byte:02X}' for byte in digest)

    def stop(self):
        for made in reversed(self.started):
            made.stop() if isinstance(made, End) else made.close()


def run_case(name, function, pki):
    """None, or the lines that say what went wrong."""
    test = Test(pki)
    try:
        function(test)
        return None
    except Wrong as wrong:
        problem = [str(wrong)]
    except Exception:  # pylint: disable=broad-except
        problem = traceback.format_exc().splitlines()
    finally:
        test.stop()
    for made in test.started:
        problem += made.record() if isinstance(made, End) else []
    return problem


def run(pki, words):
    """Runs the cases whose name has one of the words; true where all of them passed."""
    chosen = [c for c in CASES if not words or any(w.lower() in c[0].lower() for w in words)]
    start, failed = time.monotonic(), 0
    print(f'1..{len(chosen)}')
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(run_case, name, function, pki) for name, function in chosen]
        for number, ((name, _), future) in enumerate(zip(chosen, runs), 1):
            problem = future.result()
            failed += problem is not None
            print(f'{"not ok" if problem else "ok"} {number} - {name}')
            for line in problem or []:
                print(f'#   {line}')
            sys.stdout.flush()
    print(f'# {len(chosen) - failed} passed, {failed} failed, {time.monotonic() - start:.0f} s')
    return failed == 0
