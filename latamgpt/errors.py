"""The two kinds of failure: a person's mistake, which is explained, and a bug, which travels up."""


class OperatorError(Exception):
    """Something a person can mend: says what happened, why it matters and what to do next.

    The command line prints it without a traceback and exits with `exit_code`.
    """

    exit_code = 2


class InputDamagedError(OperatorError):
    """A published input does not match its manifest: bytes were lost or changed since it was written."""

    exit_code = 66


class NotPermittedError(OperatorError):
    """An agreement does not permit what was about to happen. Default is deny."""

    exit_code = 77
