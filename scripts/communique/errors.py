"""The errors that a user sees as a sentence."""


class CommuniqueError(Exception):
    """Something that the user can mend.

    The message reads `where: what. what to do`.
    """

    code = 2
    """What the command exits with: it could not run."""


class NotACopyError(CommuniqueError):
    """A reader's copy that holds none of the passages."""

    code = 1
