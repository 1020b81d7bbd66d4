"""What can go wrong between us and an appliance.

ApplianceError
├── Unreachable   no answer came: dns connect tls timeout deadline reset
├── Unreadable    what came is no answer: too_large encoding not_json schema paging
└── Refused       the appliance said no: auth forbidden not_found throttled server_error
·                 redirect session, and schema for a request that it does not understand
Stopping          the program is to end
"""

from __future__ import annotations

LONGEST_VALUE = 256
_LONGEST_TEXT = 2048


def printable(text: str, limit: int = LONGEST_VALUE) -> str:
    """Cut a value from outside and escape what is not printable, for one line of text."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in cut)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


class ApplianceError(Exception):
    """An operation failed; the text is one line for people and holds no secret.

    `reason` is one of `domain.snapshot.POLL_FAILURE_REASONS`.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(printable(text, _LONGEST_TEXT))
        self.reason = reason


class Unreachable(ApplianceError):  # noqa: N818 named for the state it finds
    """No whole answer came back."""


class Unreadable(ApplianceError):  # noqa: N818 as above
    """An answer came that cannot be understood."""


class Refused(ApplianceError):  # noqa: N818 as above
    """The appliance answered, and it was no.

    `status` is the HTTP status, 0 where we did not even ask; `code` and `op_id` are its own
    words for support; `privilege` is what the account lacks when `reason` is `forbidden`.
    """

    def __init__(
        self,
        reason: str,
        text: str,
        *,
        status: int = 0,
        code: str = "",
        op_id: str = "",
        privilege: str = "",
    ) -> None:
        super().__init__(reason, text)
        self.status = status
        self.code = code
        self.op_id = op_id
        self.privilege = privilege


class Stopping(Exception):  # noqa: N818 no error at all
    """The program is to end; raised out of every wait of this room."""
