"""Lines of a table's families, drawn from nouns."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from vr_exporter.metrics.family import Family, Rows, Table
from vr_exporter.metrics.fragment import SMALL_BYTES
from vr_exporter.metrics.fragments import TableFragments, draw


@dataclass(frozen=True, slots=True)
class Disk:
    """A noun."""

    name: str
    size: float | None
    kind: str = "thin"


SIZE: Family[Disk] = Family("vr_disk_bytes", "gauge", "Size.", read=lambda disk: disk.size)
KIND: Family[Disk] = Family(
    "vr_disk_info", "info", "Kind.", ("kind",), read=lambda disk: disk.kind, reads="label"
)
BOTH: Family[Disk] = Family(
    "vr_disk_both",
    "gauge",
    "Both.",
    ("a", "b"),
    read=lambda disk: (disk.kind, disk.name),
    reads="labels",
)
PARTS: Family[Disk] = Family(
    "vr_disk_parts",
    "gauge",
    "Parts.",
    ("part",),
    read=lambda disk: ((('a"',), 1), (("b",), disk.size or 0)),
    reads="samples",
)


def rows_of(disks: tuple[Disk, ...]) -> Rows[Disk]:
    """Disks by site and name."""
    return Rows([("madrid", disk.name) for disk in disks], disks)


def drawn(family: Family[Disk], *disks: Disk) -> str:
    """The lines of one family."""
    table = Table("disk", ("site", "disk"), rows_of, (family,))
    forms = TableFragments(table, is_shown=lambda _name: True).render(disks)
    return forms[family.name].text.plain().decode()


ONE, TWO = Disk("one", 1.5), Disk("t\\wo", 2.0, "th\nick")


def test_each_row_is_a_line_with_its_labels() -> None:
    """Escaped, in the order of the rows; what is unknown has no line."""
    assert drawn(SIZE, ONE, Disk("none", None), TWO) == (
        'vr_disk_bytes{site="madrid",disk="one"} 1.5\n'
        'vr_disk_bytes{site="madrid",disk="t\\\\wo"} 2.0\n'
    )


def test_a_row_may_have_labels_of_its_own() -> None:
    """One or several; the sample is 1."""
    assert drawn(KIND, TWO) == 'vr_disk_info{site="madrid",disk="t\\\\wo",kind="th\\nick"} 1\n'
    assert drawn(BOTH, ONE) == 'vr_disk_both{site="madrid",disk="one",a="thin",b="one"} 1\n'


def test_a_row_may_have_several_samples() -> None:
    """Each with its labels after those of the row."""
    assert drawn(PARTS, ONE) == (
        'vr_disk_parts{site="madrid",disk="one",part="a\\""} 1\n'
        'vr_disk_parts{site="madrid",disk="one",part="b"} 1.5\n'
    )


@pytest.mark.parametrize("count", [1, 4, 40])
def test_few_distinct_values_are_written_as_many_are(count: int) -> None:
    """Ends that are made once each come out as if made line by line."""
    disks = [Disk(f"d{n}", float(n % 3), f"k{n % 3}") for n in range(count)]
    lines = drawn(KIND, *disks).splitlines()
    assert lines == [
        f'vr_disk_info{{site="madrid",disk="d{n}",kind="k{n % 3}"}} 1' for n in range(count)
    ]


def test_no_rows_are_no_lines() -> None:
    """In either format."""
    assert draw(SIZE, [], []) == (b"", b"")
    assert drawn(SIZE) == ""


def test_what_is_shown_may_differ_from_what_is_read() -> None:
    """It is asked once for each distinct value."""
    asked: list[object] = []

    def show(size: float) -> float:
        asked.append(size)
        return size * 2

    family: Family[Disk] = Family("vr_d", "gauge", "D.", read=lambda disk: disk.size, show=show)
    disks = [Disk(f"d{n}", float(n % 2)) for n in range(6)]
    assert [line[-3:] for line in drawn(family, *disks).splitlines()] == ["0.0", "2.0"] * 3
    assert sorted(map(str, asked)) == ["0.0", "1.0"]


def test_only_changed_families_are_drawn_again() -> None:
    """A fragment that says the same stays the same object; families out of sight are not drawn."""
    table = Table("disk", ("site", "disk"), rows_of, (SIZE, KIND))
    fragments = TableFragments(table, is_shown=lambda name: name == "vr_disk_bytes")
    first = dict(fragments.render((ONE, TWO)))
    assert set(first) == {"vr_disk_bytes"}
    assert fragments.render((ONE, TWO))["vr_disk_bytes"] is first["vr_disk_bytes"]
    other = fragments.render((ONE, Disk("t\\wo", 3.0)))["vr_disk_bytes"]
    assert other.text.plain().endswith(b" 3.0\n")
    renamed = fragments.render((Disk("uno", 1.5), Disk("t\\wo", 3.0)))["vr_disk_bytes"]
    assert b'disk="uno"} 1.5' in renamed.text.plain()


@pytest.mark.parametrize("keeps_plain", [True, False])
def test_the_plain_form_of_a_large_family_is_kept_where_it_is_wanted(*, keeps_plain: bool) -> None:
    """Else it is unpacked when somebody asks for it."""
    table = Table("disk", ("site", "disk"), rows_of, (SIZE,))
    disks = tuple(Disk(f"d{n:04}", float(n)) for n in range(2000))
    forms = TableFragments(table, is_shown=lambda _: True).render(disks, keeps_plain=keeps_plain)
    large = forms["vr_disk_bytes"].text
    assert large.size > SMALL_BYTES
    assert (large._plain is not None) is keeps_plain
    assert large.plain().count(b"\n") == 2000


def test_a_family_may_take_fewer_of_the_labels() -> None:
    """Those that it is `on`, by the names of the table's key."""
    short: Family[Disk] = Family(
        "vr_d", "gauge", "D.", read=lambda disk: disk.size, on=("disk", "site")
    )
    table = Table("disk", ("site",), rows_of, (short,), key=("site", "disk"))
    forms = TableFragments(table, is_shown=lambda _: True).render((ONE,))
    assert forms["vr_d"].text.plain() == b'vr_d{disk="one",site="madrid"} 1.5\n'
