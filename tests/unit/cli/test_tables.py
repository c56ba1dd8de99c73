"""Tables and paragraphs: nothing is wider than it may be, nothing is lost, and words break where they read well."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from bailiwick.cli.tables import GAP, LONGEST_PIECE, fold, format_paragraph, format_table, printable

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)
WORDS = st.text("abc.-:/_, ü語", max_size=60)


def without_spaces(text: str) -> str:
    """What is left to compare when lines may break at any space?"""
    return "".join(text.split(" "))


@given(st.one_of(TEXTS, WORDS), st.integers(2, 40))
def test_folded_text_keeps_to_the_width_and_loses_nothing(text: str, width: int) -> None:
    """No line is wider than asked, and the lines hold every character but spaces, in order."""
    lines = fold(text, width)
    assert lines
    assert all(cell_len(line) <= width for line in lines)
    assert without_spaces("".join(lines)) == without_spaces(text)


def test_text_that_fits_is_not_touched() -> None:
    """Spaces inside of a text that fits stay as they are."""
    assert fold("a  b ", 5) == ["a  b "]
    assert fold("", 5) == [""]


def test_a_line_breaks_after_a_space_before_it_breaks_inside_a_word() -> None:
    """A word that fits on a line of its own is not broken."""
    assert fold("its scope says region eu-de", 16) == ["its scope says", "region eu-de"]


def test_a_long_name_breaks_after_the_marks_that_join_its_words() -> None:
    """An action's id breaks after its dots, and only a piece that is too long itself is cut."""
    assert fold("container-registry.image.pull", 19) == ["container-registry.", "image.pull"]
    assert fold("x abcdefgh", 3) == ["x", "abc", "def", "gh"]


def test_wide_characters_count_twice() -> None:
    """The width is that of the terminal's cells, not of characters."""
    assert fold("語語語", 4) == ["語語", "語"]
    heading, lines = format_table(["name", "x"], [["語語語", "1"], ["ab", "2"]])
    assert heading == ["name    x"]
    assert lines == ["語語語  1", "ab      2"]


def test_a_table_without_a_width_has_one_line_a_row() -> None:
    """A pipe gets every row on one line, aligned, with nothing after the last character."""
    assert format_table(["name", "what for"], [["a", "x" * 300], ["long name", ""]]) == (
        ["name       what for"],
        ["a          " + "x" * 300, "long name"],
    )


def test_the_widest_column_gives_way_first() -> None:
    """A column of short words stays as it is while a long text is folded beside it."""
    heading, lines = format_table(["id", "text"], [["a-1", "one two three four five"], ["b-2", "six"]], 16)
    assert heading == ["id   text"]
    assert lines == ["a-1  one two", "     three four", "     five", "b-2  six"]


def test_headings_are_folded_before_cells_are() -> None:
    """A heading of several words does not take the room of the cells."""
    heading, lines = format_table(["resource types", "title"], [["2", "Container Registry"]], 28)
    assert heading == ["resource  title", "types"]
    assert lines == ["2         Container Registry"]


def test_a_column_that_must_stay_whole_is_not_folded() -> None:
    """Ids that somebody copies stay on one line, and the others give way."""
    _, lines = format_table(["id", "owner"], [["apikey-12-34", "user:somebody"]], 22, whole=("id",))
    assert lines == ["apikey-12-34  user:", "              somebody"]


def test_rows_that_cannot_stand_side_by_side_become_records() -> None:
    """Where even the longest pieces do not fit, each row is a record, empty fields left out."""
    rows = [["apikey-1234567890", "made for the night", ""], ["apikey-2", "", "x"]]
    heading, lines = format_table(["id", "description", "note"], rows, 32, whole=("id",))
    assert heading == []
    assert lines == [
        "id           apikey-1234567890",
        "description  made for the night",
        "",
        "id           apikey-2",
        "note         x",
    ]


@given(
    st.integers(1, 5).flatmap(
        lambda count: st.tuples(
            st.lists(st.text("abc ", min_size=1, max_size=12), min_size=count, max_size=count),
            st.lists(st.lists(WORDS, min_size=count, max_size=count), min_size=1, max_size=4),
        )
    ),
    st.integers(60, 160),
)
def test_no_table_is_wider_than_its_terminal(drawn: tuple[list[str], list[list[str]]], width: int) -> None:
    """Whatever the cells are, headings and lines keep to the width, and every cell is there."""
    columns, rows = drawn
    heading, lines = format_table(columns, rows, width)
    assert all(cell_len(line) <= width for line in (*heading, *lines))
    shown = sorted(
        without_spaces("".join(lines) if heading else "".join(lines).replace("".join(columns), ""))
    )
    cells = sorted(without_spaces("".join(cell for row in rows for cell in row)))
    assert len(shown) >= len(cells)
    if heading:
        assert shown == cells


def test_the_gap_between_columns_stays() -> None:
    """Columns never touch, at any width."""
    _, lines = format_table(["a", "b"], [["x" * LONGEST_PIECE, "y" * LONGEST_PIECE]], 2 * LONGEST_PIECE + GAP)
    assert lines == ["x" * LONGEST_PIECE + " " * GAP + "y" * LONGEST_PIECE]


def test_a_paragraph_is_indented_after_its_first_line() -> None:
    """On a terminal a long text is folded with an indent; into a pipe it goes on one line."""
    text = "differs: one two three four five six seven"
    assert format_paragraph(text, 30) == ["differs: one two three four", "  five six seven"]
    assert format_paragraph(text, None) == [text]


@given(st.text(max_size=40))
def test_what_is_printed_cannot_move_the_cursor(text: str) -> None:
    """No control character, separator, surrogate or change of direction is left, and plain text is untouched."""
    shown = printable(text)
    assert not any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in shown)
    assert not any(unicodedata.bidirectional(one) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI")
                   for one in shown)  # fmt: skip
    assert printable(shown) == shown


def test_escapes_are_readable() -> None:
    """Controls are shown as escapes, line breaks and tabs as spaces unless they may stay."""
    assert printable("a\x1b[2J\u202eb\x9b") == "a\\x1b[2J\\u202eb\\x9b"
    assert printable("a\n\tb") == "a  b"
    assert printable("a\nb\x00", keep="\n") == "a\nb\\x00"
    assert printable("grüße, 語 ✓") == "grüße, 語 ✓"
