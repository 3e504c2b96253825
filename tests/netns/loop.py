"""One thread for the network and the case: whoever waits lets the packets flow."""
import selectors
import time

from wrong import Wrong


class Loop:
    def __init__(self):
        self._selector = selectors.DefaultSelector()

    def watch(self, file, ready):
        self._selector.register(file, selectors.EVENT_READ, ready)

    def forget(self, file):
        self._selector.unregister(file)

    def turn(self, timeout):
        for key, _ in self._selector.select(timeout):
            key.data()

    def sleep(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.turn(left)

    def until(self, what, condition, patience=20.0):
        """Waits for a condition, which has a name for whoever reads that it never came."""
        end = time.monotonic() + patience
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                raise Wrong(f'{patience:.0f} s have passed without this: {what}')
            self.turn(min(left, 0.1))
