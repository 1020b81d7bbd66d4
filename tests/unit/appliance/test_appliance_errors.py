from __future__ import annotations

from vr_exporter.appliance.errors import ApplianceError, Refused, Unreachable, printable
from vr_exporter.appliance.redact import Redactor
from vr_exporter.domain.credentials import Credentials


def test_an_error_is_one_line_whatever_was_put_into_it() -> None:
    """Control characters, line breaks and bidi controls are escaped in every error's text."""
    error = Unreachable("connect", "a\nb\x1b[31m\u202e\u2028\ud800")
    assert str(error) == r"a\nb\x1b[31m\u202e\u2028\ud800"


def test_values_are_cut_before_they_are_shown() -> None:
    """A value from outside takes at most 256 characters."""
    assert printable("x" * 1000) == "x" * 255 + "…"


def test_every_failure_is_an_appliance_error_with_its_reason() -> None:
    """Who catches ApplianceError learns the reason for the metric."""
    refusal: ApplianceError = Refused("forbidden", "no", status=403, privilege="System.View")
    assert refusal.reason == "forbidden"


def test_live_secrets_are_hidden_in_all_their_forms() -> None:
    """A password is hidden plain, percent-encoded and as Basic carries it; a token too."""
    redactor = Redactor()
    redactor.learn(Credentials("user", "pässword/1"))
    redactor.learn_token("token-one")
    text = "pässword/1 p%C3%A4ssword%2F1 dXNlcjpww6Rzc3dvcmQvMQ== token-one rest"
    assert redactor.hide(text) == "[hidden] [hidden] [hidden] [hidden] rest"


def test_C27_a_password_stays_hidden_however_many_sessions_came_since() -> None:
    """Each login learns it anew, so that tokens never push it out."""
    redactor, mine = Redactor(), Credentials("monitor@vsphere.local", "correct horse")
    for number in range(1000):
        redactor.learn(mine)
        redactor.learn_token(f"token-{number}")
        assert "horse" not in redactor.hide("denied: correct horse")
        assert "token" not in redactor.hide(f"denied: token-{number}")
