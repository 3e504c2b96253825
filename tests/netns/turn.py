"""coturn in a host of its own, with UDP, TCP and TLS."""
import os
import shutil
import socket
import subprocess
import tempfile

from wrong import expect

HERE = os.path.dirname(os.path.abspath(__file__))


def program():
    """./dev test says where it is."""
    unpacked = os.path.join(HERE, '../../build-tools/coturn/usr/bin/turnserver')
    return (os.environ.get('STRAIT_TURNSERVER') or shutil.which('turnserver') or
            (unpacked if os.access(unpacked, os.X_OK) else None))


def make_certificate(folder, address):
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                    '-keyout', f'{folder}/key.pem', '-out', f'{folder}/cert.pem', '-days', '2', '-subj',
                    '/CN=turn.test', '-addext', f'subjectAltName=IP:{address},DNS:turn.test'],
                   check=True, capture_output=True)


class TurnServer:
    ADDRESS, ADDRESS_6 = '198.51.100.9', '2001:db8:9::9'
    PORT, TLS_PORT = 3478, 5349

    def __init__(self, lab):
        expect(program() is not None, 'there is no turnserver: install coturn, or say where it is by STRAIT_TURNSERVER')
        self.host = lab.host('turn', self.ADDRESS, self.ADDRESS_6)
        self.folder = tempfile.TemporaryDirectory()
        self.certificate = f'{self.folder.name}/cert.pem'
        make_certificate(self.folder.name, self.ADDRESS)
        self.process = self.host.space.popen(
            [program(), '-n', '-L', self.ADDRESS, '-L', self.ADDRESS_6, '-E', self.ADDRESS, '-E', self.ADDRESS_6,
             '-p', str(self.PORT), '--tls-listening-port', str(self.TLS_PORT), '--lt-cred-mech', '-u', 'ann:secret',
             '-r', 'example.org', '--no-cli', '--no-dtls', '--cert', self.certificate,
             '--pkey', f'{self.folder.name}/key.pem', '--log-file', '/dev/null', '--pidfile', '/dev/null',
             '--userdb', '/dev/null'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lab.processes.append(self.process)
        lab.loop.until('coturn listens', self._listens, 30)

    def _listens(self):
        expect(self.process.poll() is None, f'coturn has ended with status {self.process.poll()}')
        return all(self.host.space.inside(lambda port=port: self._answers(port))
                   for port in (self.PORT, self.TLS_PORT))

    def _answers(self, port):
        with socket.socket() as probe:
            return probe.connect_ex((self.ADDRESS, port)) == 0

    def url(self, way, ipv6=False):
        """'udp', 'tcp' or 'tls'."""
        host = f'[{self.ADDRESS_6}]' if ipv6 else self.ADDRESS
        if way == 'tls':
            return f'turns:{host}:{self.TLS_PORT}'
        return f'turn:{host}:{self.PORT}?transport={way}'
