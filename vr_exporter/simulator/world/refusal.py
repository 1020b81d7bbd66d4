"""What the world says when it cannot do as asked."""

from __future__ import annotations


class WorldRefusal(Exception):  # noqa: N818 - an answer of the appliance, not an error of ours
    """An action refused at once, without a task; `status` is the HTTP status of the answer.

    A 404 carries no code and no message, as the vendor's answers do not.
    """

    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(message or f"refused with {status}")
        self.status = status
        self.code = code
        self.message = message
