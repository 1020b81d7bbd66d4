from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vr_exporter.logs.redaction import MASK, Redactor

SECRET = 'p&ss "wörd"/+42'


def disguises(secret: str) -> list[str]:
    """The forms in which programs give a secret away."""
    content = secret.encode()
    return [
        secret,
        quote(content, safe=""),
        content.hex(),
        json.dumps({"password": secret}),
        repr({"password": secret}),
        base64.b64encode(content).decode(),
        base64.b64encode(b"user:" + content).decode(),
        base64.b64encode(b"admin:" + content + b"\n").decode(),
        base64.urlsafe_b64encode(b"me:" + content).decode(),
    ]


@pytest.mark.parametrize("text", disguises(SECRET))
def test_C26_every_disguise_of_a_secret_is_masked(text: str) -> None:
    """Plain, percent, hex, JSON, repr, base64 at any offset: nothing of it can be read back."""
    redactor = Redactor()
    redactor.learn(SECRET)
    cleaned = redactor.clean(f"error: {text}!")
    assert MASK in cleaned
    assert SECRET not in cleaned
    assert SECRET[4:] not in cleaned


@given(prefix=st.binary(max_size=9), secret=st.text(min_size=8, max_size=40))
def test_C26_base64_is_masked_whatever_stands_before(prefix: bytes, secret: str) -> None:
    """The part of base64 that the secret alone decides is masked at every offset."""
    redactor = Redactor()
    redactor.learn(secret)
    encoded = base64.b64encode(prefix + secret.encode()).decode()
    assert MASK in redactor.clean(encoded)


def test_very_short_secrets_do_not_mask_every_text() -> None:
    """A secret of a few letters would make logs unreadable, and is left alone."""
    redactor = Redactor()
    redactor.learn("e")
    redactor.learn("")
    assert redactor.clean("nothing here") == "nothing here"


def test_old_secrets_stay_masked() -> None:
    """A rotated secret may still work somewhere."""
    redactor = Redactor()
    redactor.learn("first-secret")
    redactor.learn("second-secret")
    assert redactor.clean("first-secret second-secret") == f"{MASK} {MASK}"


def test_a_secret_that_begins_another_leaves_no_rest_of_it() -> None:
    """The longer one is masked first."""
    redactor = Redactor()
    redactor.learn("open")
    redactor.learn("open-sesame")
    assert redactor.clean("said open-sesame") == f"said {MASK}"
