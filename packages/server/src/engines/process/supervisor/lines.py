"""The lines of a stream that comes in pieces: those that have ended, and the last state of the one that has not."""
import re

#: A longer line is let go in pieces, though more of it comes.
LONGEST_LINE = 64 * 1024
SHORTEST_SECRET = 8
#: Of a line that has not ended no more is shown.
MOST_SHOWN = 4096
#: Of a line, what a carriage return took back; the last one stays, since what it takes back may be let go already.
TAKEN_BACK = re.compile(rb'(?m)^[^\n]*\r(?=[^\r\n])')


class Lines:
    def __init__(self, secrets):
        self.secrets, self.rest = secrets, b''
        self.keep = max(map(len, secrets), default=1) - 1
        #: Whenever it is too much, half of it at least goes: whoever says a line byte by byte costs no more than others.
        self.most = max(LONGEST_LINE, 2 * self.keep)

    def feed(self, data):
        """What can be let go: whole lines in their last state, and of a long one all but what may begin a secret."""
        if self.rest:
            data = self.rest + data
        end = data.rfind(b'\n') + 1
        ready, rest = self._hide(last_states(data[:end])), last_states(data[end:])
        if len(rest) > self.most:
            rest = self._hide(rest)
            cut = max(0, len(rest) - self.keep)
            ready, rest = ready + rest[:cut], rest[cut:]
        self.rest = rest
        return ready

    def release(self):
        """What is held back as a line that has ended; nothing is held afterwards."""
        last, self.rest = self._hide(self.rest), b''
        return last and last + b'\n'

    def state(self):
        """The line that has not ended as it is now, without what may be the beginning of a secret."""
        shown = self._hide(self.rest[:MOST_SHOWN + self.keep + 1]).strip(b'\r')[:MOST_SHOWN]
        return shown[:len(shown) - max((begun(secret, shown) for secret in self.secrets), default=0)]

    def _hide(self, data):
        for value in self.secrets:
            data = data.replace(value, b'***')
        return data


def begun(secret, shown):
    """
    How many bytes at the end may be its beginning. Where its first bytes are not, it does not begin: of a long secret
    not every length is tried.
    """
    first, end = max(0, len(shown) - len(secret) + 1), len(shown)
    at = shown.find(secret[:SHORTEST_SECRET], first)
    while at >= 0:
        if secret.startswith(shown[at:]):
            return end - at
        at = shown.find(secret[:SHORTEST_SECRET], at + 1)
    short = range(max(first, end - SHORTEST_SECRET + 1), end)
    return next((end - at for at in short if secret.startswith(shown[at:])), 0)


def last_states(data):
    return TAKEN_BACK.sub(b'\r', data) if b'\r' in data else data


def secrets_in(values):
    """What is hidden: a value of several lines line by line, and the longest first, which may hold others."""
    lines = {line.encode() for value in values for line in re.split('\r\n|\r|\n', value)}
    return sorted((line for line in lines if len(line) >= SHORTEST_SECRET), key=len, reverse=True)
