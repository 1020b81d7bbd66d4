from __future__ import annotations

import pytest

from vr_exporter.cli.common import CommandError
from vr_exporter.cli.simulate import _address


@pytest.mark.parametrize("port", ["9" * 5000, "65536", "-1", "", "\u0663"])
def test_a_port_that_is_none_is_refused_in_one_line(port: str) -> None:
    """However many digits it has: thousands are no number to Python, and no port to anybody."""
    with pytest.raises(CommandError, match="is no HOST:PORT"):
        _address("--listen", f"127.0.0.1:{port}")


def test_an_address_is_a_host_and_a_port() -> None:
    """Brackets of IPv6 are dropped, and an empty host means all."""
    assert _address("--listen", "[::1]:8443") == ("::1", 8443)
    assert _address("--listen", ":0") == ("0.0.0.0", 0)  # noqa: S104 asked for by an empty host
