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

    def feed(self, data):
        """What can be let go: whole lines in their last state, and of a long one all but what may begin a secret."""
        if self.rest:
            data = self.rest + data
        end = data.rfind(b'\n') + 1
        ready, rest = self._hide(last_states(data[:end])), last_states(data[end:])
        if len(rest) > LONGEST_LINE:
            rest = self._hide(rest)
            cut = len(rest) - self.keep
            ready, rest = ready + rest[:cut], rest[cut:]
        self.rest = rest
        return ready

    def release(self):
        """What is held back as a line that has ended; nothing is held afterwards."""
        last, self.rest = self._hide(self.rest), b''
        return last and last + b'\n'

    def state(self):
        """The line that has not ended as it is now, without what may be the beginning of a secret."""
        shown = self._hide(self.rest).strip(b'\r')[:MOST_SHOWN]
        begun = range(min(self.keep, len(shown)), 0, -1)
        count = next((count for count in begun if self._may_begin(shown[-count:])), 0)
        return shown[:len(shown) - count]

    def _may_begin(self, text):
        return any(secret.startswith(text) for secret in self.secrets)

    def _hide(self, data):
        for value in self.secrets:
            data = data.replace(value, b'***')
        return data


def last_states(data):
    return TAKEN_BACK.sub(b'\r', data) if b'\r' in data else data


def secrets_in(values):
    """What is hidden: a value of several lines line by line, and the longest first, which may hold others."""
    lines = {line.encode() for value in values for line in re.split('\r\n|\r|\n', value)}
    return sorted((line for line in lines if len(line) >= SHORTEST_SECRET), key=len, reverse=True)
