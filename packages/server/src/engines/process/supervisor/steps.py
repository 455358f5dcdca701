"""What the shell that runs an instance's steps tells of them."""
import sandbox

EXIT_CODES = {str(code): code for code in range(256)}


class Steps:
    """The step that runs, and the exit code that the shell says it ends with, where it says one."""

    def __init__(self, spec):
        self.known = sandbox.step_names(spec)
        self.current = spec['command']['name']
        self.code = None

    def note(self, text):
        """
        The sentence of a step that failed before the command, where one is told. An application of the shell's own
        user can write there, too, by way of `/proc`.
        """
        failed = None
        for line in text.split('\n'):
            kind, _, rest = line.partition(' ')
            if kind == 'step' and rest in self.known:
                self.current = rest
            elif kind == 'before-failed' and rest in EXIT_CODES:
                failed = f'{self.current} failed (exit code {rest}).'
            elif kind == 'code':
                self.code = EXIT_CODES.get(rest, self.code)
        return failed
