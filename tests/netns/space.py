"""Network namespaces without names: each lives as long as its descriptor is open, so that nothing is left behind."""
import ctypes
import os
import signal
import subprocess

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f'{what}: {os.strerror(error)}')


def leave():
    """This process gets a network of its own, with nothing in it."""
    _check(LIBC.unshare(CLONE_NEWNET), 'unshare')


def _here():
    return os.open('/proc/self/ns/net', os.O_RDONLY)


class Space:
    """Another one beside that of this process."""

    def __init__(self):
        home = _here()
        try:
            leave()
            self.fd = _here()
            _check(LIBC.setns(home, CLONE_NEWNET), 'setns')
        finally:
            os.close(home)

    def inside(self, function):
        """What a function returns there."""
        home = _here()
        try:
            _check(LIBC.setns(self.fd, CLONE_NEWNET), 'setns')
            return function()
        finally:
            _check(LIBC.setns(home, CLONE_NEWNET), 'setns')
            os.close(home)

    def _enter(self):
        LIBC.setns(self.fd, CLONE_NEWNET)
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def popen(self, arguments, **options):
        """A process in it, which dies with this one."""
        # pylint: disable-next=subprocess-popen-preexec-fn  # there is one thread
        return subprocess.Popen(arguments, preexec_fn=self._enter, **options)

    def ip(self, *lines):
        run_ip(lines, preexec_fn=self._enter)


def run_ip(lines, **options):
    done = subprocess.run(['ip', '-batch', '-'], input='\n'.join(lines) + '\n', text=True,
                          capture_output=True, check=False, **options)
    if done.returncode != 0:
        raise OSError(f'ip: {done.stderr.strip()}')
