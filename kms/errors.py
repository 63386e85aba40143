"""What can go wrong, said so that a person can act on it. The web maps each kind once."""

from collections.abc import Mapping


class KmsError(Exception):
    """Anything we refuse or fail to do, with one sentence for a person."""

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(KmsError):
    """Nothing there that this person may see; hidden and absent are told alike."""

    code = "not_found"


class NotAllowed(KmsError):
    """The person is known, sees the thing, and may not do this to it."""

    code = "not_allowed"


class SignInNeeded(NotAllowed):
    """Nobody is signed in and the action needs somebody."""

    code = "sign_in_needed"


class OtherAccount(NotAllowed):
    """What was written by one account would have been sent as another."""

    code = "other_account"


class Invalid(KmsError):
    """Input that must be mended; ``problems`` maps each field to its sentence."""

    code = "invalid"

    def __init__(self, message: str, problems: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.problems = dict(problems or {})


class TooLarge(Invalid):
    """More bytes than are taken."""

    code = "too_large"


class OtherOffset(KmsError):
    """A piece of a file that does not follow what has arrived, which is ``offset`` bytes."""

    code = "other_offset"

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class EditConflict(KmsError):
    """Someone revised the note since this person opened it."""

    code = "conflict"

    def __init__(self, message: str, *, latest_revision: int) -> None:
        super().__init__(message)
        self.latest_revision = latest_revision


class TooMany(KmsError):
    """Too many tries in too short a time."""

    code = "too_many"


class Unavailable(KmsError):
    """The database, the index or the disk does not answer now; nothing typed is lost."""

    code = "unavailable"


class BadSettings(KmsError):
    """A setting that stops the start."""

    code = "bad_settings"
