"""A peer's process in a host, and what it has told."""
import os
import subprocess
import tempfile

from wrong import Wrong, expect


class Peer:
    """Its lines: see commands.c."""
    program = None

    def __init__(self, loop, host, kind, role, *options):
        self.loop, self.host, self.kind, self.name = loop, host, kind, host.name
        self.errors = tempfile.TemporaryFile()
        self.process = host.space.popen(
            [self.program, '--kind', kind, '--role', role, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self._rest = b''
        self.story = []         # every line
        self.local = None       # credentials, of the newest generation
        self.fingerprint = None
        self.candidates, self.gathered, self.regathering = [], 0, False
        self.states, self.dtls, self.paths = [], [], []  # of states: (name, time)
        self.changes = 0  # of the host's network, that it has been told of
        self.server_errors = []
        self.stats = None
        self.on_candidate = self.on_gathered = lambda *_: None
        os.set_blocking(self.process.stdout.fileno(), False)
        self.open = True
        loop.watch(self.process.stdout, self._read)

    def say(self, *words):
        expect(self.open, f'{self.name}: its process has ended')
        line = ' '.join(str(word) for word in words)
        if line != 'stats':
            self.story.append(f'> {line}')
        self.process.stdin.write(line.encode() + b'\n')
        self.process.stdin.flush()

    def _read(self):
        data = self.process.stdout.read(65536)
        if data is None:
            return
        if not data:
            self.open = False
            self.loop.forget(self.process.stdout)
            return
        *lines, self._rest = (self._rest + data).split(b'\n')
        for line in lines:
            self._line(line.decode())

    def _line(self, line):
        word, *pairs = line.split('\t')
        values = dict(pair.split('=', 1) for pair in pairs)
        if word != 'stats':
            self.story.append(line.replace('\t', ' '))
        if word == 'local':
            self.local = values
            if self.regathering:
                self.regathering, self.candidates, self.gathered = False, [], 0
        elif word == 'fingerprint':
            self.fingerprint = values['text']
        elif word == 'candidate':
            self.candidates.append(values['text'])
            self.on_candidate(values['text'])
        elif word == 'gathered':
            self.gathered += 1
            self.on_gathered()
        elif word == 'ice':
            self.states.append((values['state'], float(values['at'])))
        elif word == 'dtls':
            self.dtls.append(values['state'])
        elif word == 'path':
            self.paths.append((values['local'], values['remote']))
        elif word == 'stats':
            self.stats = {key: int(value) if value.isdigit() else value for key, value in values.items()}
        elif word == 'network':
            self.changes += 1
        elif word == 'server':
            self.server_errors.append((values['url'], values['error']))
        elif word == 'error':
            raise Wrong(f'{self.name}: {line}')

    @property
    def state(self):
        return self.states[-1][0] if self.states else 'new'

    def reached(self, state, since=0.0):
        """When it was in this state after a moment, or None."""
        return next((at for name, at in self.states if name == state and at >= since), None)

    def ask_stats(self):
        self.stats = None
        self.say('stats')
        self.loop.until(f'statistics of {self.name}', lambda: self.stats is not None or not self.open)
        expect(self.stats is not None, f'{self.name}: its process has ended')
        return self.stats

    def end(self):
        """Quits in order: a sanitizer has its word then."""
        self.say('quit')
        self.loop.until(f'{self.name} ends', lambda: not self.open, 30)
        status = self.process.wait(30)
        expect(status == 0, f'{self.name}: its process has ended with status {status}')

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def record(self):
        self.errors.seek(0)
        said = self.errors.read().decode(errors='replace').splitlines()
        return [f'{self.name}: {line}' for line in self.story[-40:] + [f'stats {self.stats}'] + said[-60:]]
