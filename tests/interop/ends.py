"""The ends of a connection: strait's pipe, OpenSSL's and GnuTLS's command line tools, each a
process whose output is collected while it runs."""
import os
import re
import signal
import socket
import subprocess
import threading
import time

PATIENCE = 10  # seconds for anything that takes milliseconds


class Wrong(Exception):
    """What a case expected and did not get."""


def expect(good, text):
    if not good:
        raise Wrong(text)


def free_port(given=set()):  # one set for all calls
    """A UDP port of loopback that the kernel chose, and never the same twice: servers that allow
    their port to be used again would share it."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(('127.0.0.1', 0))
            port = s.getsockname()[1]
        if port not in given:
            given.add(port)
            return port


class End:
    """A process; `out` and `err` are what it has written so far."""

    process = None

    def __init__(self, arguments, env=None):
        self.arguments = [str(a) for a in arguments]
        self.process = subprocess.Popen(
            self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(os.environ, **env) if env else None, start_new_session=True)
        self.changed = threading.Condition()
        self.text = {'out': b'', 'err': b''}
        self.open = 2
        for name in self.text:
            threading.Thread(target=self._collect, args=(name,), daemon=True).start()

    def _collect(self, name):
        stream = getattr(self.process, 'std' + name)
        while True:
            data = os.read(stream.fileno(), 65536)
            with self.changed:
                self.text[name] += data
                self.open -= not data
                self.changed.notify_all()
            if not data:
                return

    @property
    def out(self):
        return self.text['out'].decode(errors='replace')

    @property
    def err(self):
        return self.text['err'].decode(errors='replace')

    def wait_for(self, pattern, where='out', patience=None):
        """Waits until the output has the pattern; returns the match."""
        deadline = time.monotonic() + (patience or PATIENCE)
        with self.changed:
            while True:
                found = re.search(pattern, getattr(self, where))
                if found:
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or self.open == 0:
                    raise Wrong(f'{self.name()} did not say {pattern!r}')
                self.changed.wait(left)

    def write(self, data):
        try:
            self.process.stdin.write(data.encode() if isinstance(data, str) else data)
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Wrong(f'{self.name()} has ended already') from None

    def say(self, line):
        self.write(line + '\n')

    def end_input(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def status(self):
        """Waits for its end."""
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Wrong(f'{self.name()} does not end') from None
        with self.changed:
            self.changed.wait_for(lambda: self.open == 0, PATIENCE)
        return status

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.end_input()

    def name(self):
        program = self.arguments[2] if self.arguments[0] == 'stdbuf' else self.arguments[0]
        return os.path.basename(program)

    def record(self):
        """For the report of a failed case."""
        if self.process is None:
            return []
        lines = [f'$ {" ".join(self.arguments)}']
        for name in ('out', 'err'):
            lines += [f'{name}: {line[:300]}' for line in getattr(self, name).splitlines()[-25:]]
        lines.append(f'status: {self.process.poll()}')
        return lines


class Pipe(End):
    """examples/pipe. Options as keywords: min='1.3', no_cookie=True, fingerprint=[...]."""

    program = None  # set by the driver

    def __init__(self, *arguments, env=None, **options):
        arguments = [self.program, *arguments]
        for name, value in options.items():
            for one in value if isinstance(value, list) else [value]:
                if one is True:
                    arguments.append('--' + name.replace('_', '-'))
                elif one is not None:
                    arguments.append(f'--{name.replace("_", "-")}={one}')
        super().__init__(arguments, env)

    def connected(self):
        """With --verbose: version, cipher suite, group and the rest of what was agreed on."""
        return self.wait_for(r'Connected to \S+: (DTLS \S+ .*)', 'err').group(1)

    def exported(self):
        return self.wait_for(r'Exported .*: ([0-9a-f]+)', 'err').group(1)

    def complaint(self):
        """The one sentence of a pipe that failed."""
        expect(self.status() == 1, f'pipe ended with {self.process.returncode}, not with 1')
        lines = [line for line in self.err.splitlines() if line.startswith('pipe: ')]
        expect(len(lines) == 1, f'pipe complains in {len(lines)} lines, not in one: {lines}')
        return lines[0]


class Listening(Pipe):
    """A pipe that listens; `place` is where."""

    def __init__(self, host='127.0.0.1', **options):
        options.setdefault('verbose', True)
        super().__init__('listen', f'{host}:0', **options)
        self.place = self.wait_for(r'Listening on (\S+)', 'err').group(1)
        self.port = int(self.place.rsplit(':', 1)[1])


class Connecting(Pipe):
    def __init__(self, place, **options):
        options.setdefault('verbose', True)
        super().__init__('connect', place, **options)


class Server(End):
    """A foreign server. Somebody else may have got its port meanwhile: then it gets another."""

    ATTEMPTS, PATIENCE = 5, 3

    def __init__(self, arguments, ready, where='out', env=None):
        for attempt in range(self.ATTEMPTS):
            self.port = free_port()
            super().__init__([str(a).replace('PORT', str(self.port)) for a in arguments], env)
            try:
                self.wait_for(ready, where, self.PATIENCE)
                break
            except Wrong:
                self.stop()
                if attempt == self.ATTEMPTS - 1:
                    raise
        self.place = f'127.0.0.1:{self.port}'


class OpenSslServer(Server):
    def __init__(self, *arguments):
        super().__init__(['openssl', 's_server', '-dtls1_2', '-accept', '127.0.0.1:PORT',
                          *arguments], 'ACCEPT')

    def exported(self):
        return self.wait_for(r'Keying material: ([0-9A-F]+)').group(1).lower()


class OpenSslClient(End):
    def __init__(self, place, *arguments):
        super().__init__(['openssl', 's_client', '-dtls1_2', '-connect', place, *arguments])

    def exported(self):
        return self.wait_for(r'Keying material: ([0-9A-F]+)').group(1).lower()


class GnuTlsServer(Server):
    def __init__(self, *arguments, env=None):
        super().__init__(['gnutls-serv', '--udp', '--echo', '--port', 'PORT', *arguments],
                         r'Echo Server listening on IPv4.*done', 'err', env)


class GnuTlsClient(End):
    def __init__(self, port, *arguments, host='127.0.0.1'):
        # It keeps back what it writes where that is no terminal.
        super().__init__(['stdbuf', '-oL', 'gnutls-cli', '--udp', '--port', port, *arguments, host])

    def exported(self):
        return self.wait_for(r'Key material: ([0-9a-f]+)').group(1)
