"""Logins against bcrypt hashes."""

from __future__ import annotations

import base64
import hmac

import bcrypt
import pytest

from tests.raw_http import basic
from vr_exporter.web import login
from vr_exporter.web.login import Logins

HASH = bcrypt.hashpw(b"open sesame", bcrypt.gensalt(4)).decode()
OTHER = bcrypt.hashpw(b"gr\xc3\xbc\xc3\x9f", bcrypt.gensalt(5)).decode()


@pytest.fixture
def salts(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The salts under which passwords were hashed meanwhile."""
    seen: list[bytes] = []
    hash_password = login.hash_password

    def spy(password: bytes, salt: bytes) -> bytes:
        seen.append(salt)
        return hash_password(password, salt)

    monkeypatch.setattr(login, "hash_password", spy)
    return seen


def test_right_password_is_admitted() -> None:
    """Name and password of the file let in, non-ASCII ones too."""
    logins = Logins({"ann": HASH, "bob": OTHER})
    assert logins.admits(basic("ann", "open sesame"))
    assert logins.admits(basic("bob", "grüß"))
    assert logins.admits(basic("ann", "open sesame").replace("Basic ", "bAsIc   ") + " ")


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        "Bearer " + base64.b64encode(b"ann:open sesame").decode(),
        "Basic " + base64.b64encode(b"ann").decode(),
        basic("ann", ""),
        basic("ann", "open"),
        basic("Ann", "open sesame"),
        basic("", "open sesame"),
        basic("ann:open", " sesame"),
        basic("bob", "open sesame"),
        basic("ann", "open sesame\0"),
        basic("ann", "x" * 500),
        basic("ann", "open sesame").replace("YW", "Y!W"),
    ],
)
def test_anything_else_is_not(authorization: str) -> None:
    """A wrong or unreadable login is refused and raises nothing."""
    assert not Logins({"ann": HASH, "bob": OTHER}).admits(authorization)


def test_long_password_counts_as_far_as_bcrypt_reads() -> None:
    """Beyond 72 bytes nothing is compared, as with every bcrypt."""
    hashed = bcrypt.hashpw(b"p" * 72, bcrypt.gensalt(4)).decode()
    assert Logins({"ann": hashed}).admits(basic("ann", "p" * 80))


def test_C5_unknown_user_costs_a_hash_of_the_same_cost(salts: list[bytes]) -> None:
    """A name that is not in the file takes as long as one that is."""
    logins = Logins({"ann": HASH, "bob": OTHER})
    assert not logins.admits(basic("nobody", "open sesame"))
    assert [salt[:7] for salt in salts] == [b"$2b$05$"]


def test_C5_hashes_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is hmac's."""
    compared: list[bytes] = []

    def compare(first: bytes, second: bytes) -> bool:
        compared.append(second)
        return first == second

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert Logins({"ann": HASH}).admits(basic("ann", "open sesame"))
    assert compared == [HASH.encode()]


def test_C5_good_login_is_hashed_once_a_bad_one_each_time(salts: list[bytes]) -> None:
    """Only good results are remembered."""
    logins = Logins({"ann": HASH})
    for _ in range(3):
        assert logins.admits(basic("ann", "open sesame"))
    assert len(salts) == 1
    for _ in range(3):
        assert not logins.admits(basic("ann", "guess"))
    assert len(salts) == 4


def test_C5_remembered_login_cannot_stand_for_another() -> None:
    """Name, hash and password that give the same text when put together are different logins."""
    password = f"x{HASH}y"
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
    logins = Logins({"ann": hashed, f"ann{hashed}x": HASH})
    assert logins.admits(basic("ann", password))
    assert not logins.admits(basic(f"ann{hashed}x", "y"))


def test_table_of_good_logins_is_bounded() -> None:
    """Many names with good passwords do not grow the table without end."""
    logins = Logins({f"user-{number}": HASH for number in range(300)})
    assert all(logins.admits(basic(f"user-{number}", "open sesame")) for number in range(300))
    assert len(logins._good) <= 256


def test_the_table_of_good_logins_holds_256() -> None:
    """The last one that fits leaves the others in it; the next one begins it anew."""
    logins = Logins({f"user-{number}": HASH for number in range(257)})
    kept = []
    for number in range(257):
        assert logins.admits(basic(f"user-{number}", "open sesame"))
        kept.append(len(logins._good))
    assert kept == [*range(1, 257), 1]


@pytest.mark.parametrize(
    ("users", "salt"),
    [
        ({}, "$2b$10$"),
        ({"ann": "$2b$09$" + "a" * 53, "bob": "$2b$13$" + "a" * 53}, "$2b$13$"),
    ],
)
def test_C5_unknown_user_costs_what_the_dearest_known_one_does(
    users: dict[str, str], salt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without users as much as bcrypt's own default is; the hash of nobody is a whole one."""
    salts: list[bytes] = []

    def spy(_password: bytes, salt: bytes) -> bytes:
        salts.append(salt)
        return b""

    monkeypatch.setattr(login, "hash_password", spy)
    assert not Logins(users).admits(basic("nobody", "x"))
    assert salts == [salt.encode() + b"." * 53]


def test_C5_no_password_is_right_for_an_unknown_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that should ever match the hash of nobody."""
    monkeypatch.setattr(login, "hash_password", lambda _password, salt: salt)
    logins = Logins({"ann": HASH})
    assert not logins.admits(basic("nobody", "x"))
    assert logins.admits(basic("ann", "x"))


def test_C5_who_finds_no_turn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hash at once; in a flood of guesses the rest is not let in, nor waits for ever."""
    monkeypatch.setattr(login, "_WAIT_SECONDS", 0.01)
    refused: list[bool] = []

    def busy(password: bytes, salt: bytes) -> bytes:
        if len(refused) < 1 and password == b"outer":
            refused.append(logins.admits(basic("ann", "inner")))
        elif password == b"inner":
            refused.append(logins.admits(basic("ann", "open sesame")))
        return hash_password(password, salt)

    hash_password = login.hash_password
    monkeypatch.setattr(login, "hash_password", busy)
    logins = Logins({"ann": HASH})
    assert not logins.admits(basic("ann", "outer"))
    assert refused == [False, False]
    assert logins.admits(basic("ann", "open sesame"))
