"""Valid inputs made invalid: tokens dropped, doubled, swapped and made odd, then bytes broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

JSON = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^"{}\[\],:]+|"', re.DOTALL)
TEXT = re.compile(rb"[A-Za-z0-9_]+|[ \t]+|.", re.DOTALL)
BINARY = re.compile(rb".{1,3}", re.DOTALL)
PAGES = re.compile(rb".{1,512}", re.DOTALL)
"""How an input falls into tokens; together they are the whole of it."""

_UNICODE = (
    *(b"\x00", b"\x1f", b"\x7f", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x92\xa9"),
    *(b"\xe2\x80\xae", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xf4\x90\x80\x80", b"\xd9\xa3"),
)
ODD_TEXT = (
    *(b"", b"0", b"-1", b"1e999", b"9" * 20, b"9" * 5000, b"NaN", b"*", b"%", b"%00", b"\\", b'"'),
    *(b"'", b"{", b"}", b"[", b"]", b"(", b")", b",", b";", b":", b"=", b"~", b"!", b"|", b"?"),
    *(b"+", b".", b"..", b"/", b"//", b"#", b"&", b"<<", b"@", b"\r\n", b"\n", b"\r", b"\t"),
    *(b" ", b"a" * 300, b"true", b"null", b"2026-02-30T25:61:61Z", b"-", b"--", b"$", b"^"),
    *_UNICODE,
)
ODD_JSON = (
    *(b"null", b"true", b"false", b"0", b"-0", b"-1", b"0.1", b"1e999", b"-1e999", b"NaN"),
    *(b"Infinity", b"9223372036854775808", b"-9223372036854775809", b"9" * 400, b"9" * 5000),
    *(b"1759999999", b"253402300800000", b"1e-400", b'""', b'"x"', b'"42"', b'"4e2"', b'" 1"'),
    *(b'"\\ud800"', b'"\\udc00x"', b'"\\u0000"', b'"\\u202e"', b'"\\x"', b'"%s"' % (b"a" * 3000)),
    *(b'"2026-01-01T00:00:00Z"', b'"0001-01-01T00:00:00Z"', b'"9999-12-31T23:59:59.9+23:59"'),
    *(b'"2026-02-30T00:00:00Z"', b'"https://["', b'"//[::1"', b'"?offset=-1"', b"[]", b"{}"),
    *(b'[{"a":[]}]', b'{"a":{"a":{}}}', b"[" * 80, b"]" * 80, b"[" * 80 + b"]" * 80, b'{"a":' * 90),
    *_UNICODE,
)

ODD_VALUES = tuple(
    value for value in ODD_JSON if value not in _UNICODE and not value.startswith((b"[" * 80, b"]"))
)[:-1]
"""Those that stand for a value wherever there is one: what they are in is JSON still, or nearly."""

_MOST_REPEATS = 3000
_MOST_BYTES = 60_000
_PLACES = 4


class Mutator:
    """Makes one input after the other out of samples; the same seed makes the same ones."""

    def __init__(
        self,
        samples: Sequence[bytes],
        odd: Sequence[bytes],
        tokens: re.Pattern[bytes],
        dice: Random,
    ) -> None:
        self._samples = [tokens.findall(sample) for sample in samples]
        self._values = [_values(sample) for sample in self._samples]
        self._spans = [_spans(sample) for sample in self._samples]
        self._odd = odd
        self._dice = dice
        self._random = dice.random
        turns: tuple[Callable[[list[bytes]], None], ...] = (
            *(self._replaced,) * 10,
            *(self._dropped,) * 4,
            *(self._doubled,) * 2,
            *(self._swapped,) * 3,
            *(self._spliced,) * 2,
            *(self._inserted,) * 3,
        )
        if tokens is JSON:
            turns = (
                *turns,
                *(self._odd_values,) * 60,
                *(self._lost_members,) * 15,
                *(self._odd_part,) * 15,
            )
        self._turns = turns
        self._breaks = (self._cut, self._flipped, self._flipped, self._noisy)

    def input(self) -> bytes:
        """Make the next one: every so often untouched, repeated without end, or mere noise."""
        below = self._below
        self._chosen = below(len(self._samples))
        tokens = list(self._samples[self._chosen])
        fate = below(1000)
        if fate < 10:
            return self._rare(tokens, fate)
        self._turns[below(len(self._turns))](tokens)
        made = b"".join(tokens)
        return self._breaks[below(len(self._breaks))](made) if fate < 150 and made else made

    def _below(self, count: int) -> int:
        return int(self._random() * count)

    def _rare(self, tokens: list[bytes], fate: int) -> bytes:
        if fate < 3:
            return b"".join(tokens)
        if fate < 6:
            return self._dice.randbytes(self._below(200))
        return self._repeated(tokens)

    def _replaced(self, tokens: list[bytes]) -> None:
        for _ in range(1 + self._below(_PLACES)):
            tokens[self._below(len(tokens))] = self._odd[self._below(len(self._odd))]

    def _odd_values(self, tokens: list[bytes]) -> None:
        """Members keep their names, and get a value of another kind, in JSON that can be read."""
        places = self._values[self._chosen]
        for _ in range(1 + self._below(_PLACES)):
            place = places[self._below(len(places))]
            tokens[place] = ODD_VALUES[self._below(len(ODD_VALUES))]

    def _lost_members(self, tokens: list[bytes]) -> None:
        """A member and its plain value are gone, or come under another name."""
        places = self._values[self._chosen]
        for _ in range(1 + self._below(2)):
            place = places[self._below(len(places))]
            if place > 2 and tokens[place - 1] == b":" and tokens[place - 3] == b",":
                if self._below(2):
                    tokens[place - 3 : place + 1] = [b"", b"", b"", b""]
                else:
                    tokens[place - 2] = b'"x"'

    def _odd_part(self, tokens: list[bytes]) -> None:
        """A whole list or mapping is gone, or of another kind."""
        spans = self._spans[self._chosen]
        start, end = spans[self._below(len(spans))]
        tokens[start : end + 1] = [ODD_VALUES[self._below(len(ODD_VALUES))]]

    def _dropped(self, tokens: list[bytes]) -> None:
        for _ in range(1 + self._below(_PLACES)):
            start = self._below(len(tokens))
            tokens[start : start + 1 + self._below(_PLACES)] = [b""]

    def _doubled(self, tokens: list[bytes]) -> None:
        start = self._below(len(tokens))
        tokens[start:start] = tokens[start : start + 1 + self._below(20)]

    def _swapped(self, tokens: list[bytes]) -> None:
        one, other = self._below(len(tokens)), self._below(len(tokens))
        tokens[one], tokens[other] = tokens[other], tokens[one]

    def _spliced(self, tokens: list[bytes]) -> None:
        other = self._samples[self._below(len(self._samples))]
        tokens[self._below(len(tokens)) :] = other[self._below(len(other)) :]

    def _inserted(self, tokens: list[bytes]) -> None:
        place = self._below(len(tokens) + 1)
        tokens[place:place] = [self._odd[self._below(len(self._odd))]]

    def _repeated(self, tokens: list[bytes]) -> bytes:
        """Some tokens thousands of times: what takes the square of their number shows."""
        start = self._below(len(tokens))
        part = b"".join(tokens[start : start + 1 + self._below(6)])
        many = (part * (1 + self._below(_MOST_REPEATS)))[:_MOST_BYTES]
        tokens[start:start] = [many]
        return b"".join(tokens)

    def _cut(self, made: bytes) -> bytes:
        return made[: self._below(len(made))]

    def _flipped(self, made: bytes) -> bytes:
        changed = bytearray(made)
        for _ in range(1 + self._below(_PLACES)):
            changed[self._below(len(made))] ^= 1 << self._below(8)
        return bytes(changed)

    def _noisy(self, made: bytes) -> bytes:
        place = self._below(len(made))
        return made[:place] + self._dice.randbytes(1 + self._below(8)) + made[place:]


def _spans(tokens: list[bytes]) -> list[tuple[int, int]]:
    """The first and the last place of each list and mapping within."""
    spans, open_at = [], []
    for place, token in enumerate(tokens):
        if token in (b"{", b"["):
            open_at.append(place)
        elif token in (b"}", b"]") and open_at:
            spans.append((open_at.pop(), place))
    return spans or [(0, 0)]


def _values(tokens: list[bytes]) -> list[int]:
    """The places of plain values: no structure, no blank, no name of a member."""
    return [
        place
        for place, token in enumerate(tokens)
        if token.strip()
        and token not in (b"{", b"}", b"[", b"]", b",", b":")
        and tokens[place + 1 : place + 2] != [b":"]
    ] or [0]
