"""The one error that a user sees as a sentence."""


class CommuniqueError(Exception):
    """Something that the user can mend.

    The message reads `where: what. what to do`.
    """
