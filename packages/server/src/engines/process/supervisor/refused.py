"""Why an instance cannot be started."""


class Refused(Exception):
    """The instance cannot be started; the message is for its user."""
