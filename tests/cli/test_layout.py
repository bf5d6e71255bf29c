"""Text laid out for a terminal: nothing is lost, nothing is wider than asked where it can be helped."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gbaindicators.cli.layout import Column, Paragraph, Table, lay_out, text_width, wrap

_TEXT = st.text(st.sampled_from("ab cd, 粤港澳大灣區é́"), max_size=60)


@given(_TEXT, st.integers(2, 30))
def test_wrapped_text_fits_and_loses_nothing_but_space(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(text_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=5), st.integers(40, 80))
def test_a_table_fits_and_its_columns_stand_below_each_other(rows: list[tuple[str, str]], width: int) -> None:
    numbers = [str(10**i) for i in range(len(rows))]
    table = Table(
        [
            Column("period", ["2023"] * len(rows), whole=True),
            Column("value", numbers, right=True),
            *(Column(t, [r[i] for r in rows]) for i, t in enumerate(("note", "source"))),
        ]
    )
    lines = lay_out([table], width).splitlines()
    assert all(text_width(line) <= width for line in lines)
    ends = [
        line.index(number) + len(number)
        for number in numbers
        for line in lines
        if f" {number} " in f"{line} "
    ]
    assert len(set(ends)) == 1
    kept = "".join("".join(lines[2:]).split())
    assert sorted(kept) == sorted(
        "".join("".join(("2023", n, *r)) for n, r in zip(numbers, rows, strict=True)).replace(" ", "")
    )


def test_wide_characters_take_two_columns() -> None:
    table = Table([Column("area", ["广州", "Macao"]), Column("value", ["1", "20"], right=True)])
    assert lay_out([table], 40).splitlines()[2:] == ["广州        1", "Macao      20"]


def test_a_paragraph_hangs() -> None:
    assert lay_out([Paragraph("one two three", 4, "[1]"), "", "end"], 12) == "[1] one two\n    three\n\nend\n"


def test_numbers_stay_whole_where_there_is_no_room() -> None:
    table = Table(
        [Column("value", ["123,456,789,012"], right=True), Column("note", ["some words that wrap"])]
    )
    lines = lay_out([table], 20).splitlines()
    assert "123,456,789,012" in lines[2]
    assert all(len(line.split("   ")[-1]) <= 8 for line in lines[2:])


def test_titles_of_several_lines_stand_on_the_rule() -> None:
    table = Table([Column("area", ["macao"]), Column("lower\n80", ["1.5"], right=True)])
    assert lay_out([table], 40).splitlines() == ["        lower", "area       80", "─" * 13, "macao     1.5"]
