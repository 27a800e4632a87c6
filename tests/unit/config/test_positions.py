"""Where keys and values stand, in TOML as odd as it is allowed to be."""

import textwrap
import tomllib
from pathlib import Path

import pytest

from config.packaged import packaged
from config.positions import KeyPath, index


def spots(text: str) -> dict[KeyPath, tuple[int, int, int, int]]:
    """Return key line, key column, value line, value column by path; the text must be TOML."""
    text = textwrap.dedent(text)
    tomllib.loads(text)
    return {
        path: (spot.key.line, spot.key.column, spot.value.line, spot.value.column)
        for path, spot in index(text).items()
    }


def test_plain_keys_and_tables() -> None:
    assert spots('a = 1\n[t]\n  b  =   "x"\n') == {
        ("a",): (1, 1, 1, 5),
        ("t",): (2, 1, 2, 1),
        ("t", "b"): (3, 3, 3, 10),
    }


def test_comments_and_strings_with_hashes_brackets_and_equals() -> None:
    found = spots("""\
        # x = 1
        a = "# not [a] = comment"   # but = this is
        b = 'C:\\path # "' # "
        [t] # [u]
        c = 3
        """)
    assert set(found) == {("a",), ("b",), ("t",), ("t", "c")}
    assert found["t", "c"] == (5, 1, 5, 5)


def test_escaped_quotes_do_not_end_a_string() -> None:
    found = spots('a = "say \\"b = 2\\" \\\\"\nc = 1\n')
    assert set(found) == {("a",), ("c",)}


def test_quoted_and_dotted_keys() -> None:
    found = spots("""\
        "a b".'c.d' . e = 1
        "" = 2
        "\\u0041" = 3
        1.2 = 4
        """)
    assert found["a b", "c.d", "e"] == (1, 15, 1, 19)
    assert found["a b",] == (1, 1, 1, 1)
    assert found["",] == (2, 1, 2, 6)
    assert found["A",] == (3, 1, 3, 12)
    assert found["1", "2"] == (4, 3, 4, 7)


def test_multi_line_arrays_with_comments_and_a_trailing_comma() -> None:
    found = spots("""\
        a = [
          101,  # [the first]
          # 102,
          103,
        ]
        b = 1
        """)
    assert found["a",] == (1, 1, 1, 5)
    assert found["a", 0][:2] == (2, 3)
    assert found["a", 1][:2] == (4, 3)
    assert ("a", 2) not in found
    assert found["b",] == (6, 1, 6, 5)


def test_multi_line_strings_of_both_kinds() -> None:
    found = spots('''\
        a = """
        b = 1 "" \\"""
        [no]"""
        c = \'\'\'
        d = 2 ''
        \'\'\'\'
        e = """x"""""
        f = """"""
        g = 1
        ''')
    assert set(found) == {("a",), ("c",), ("e",), ("f",), ("g",)}
    assert found["c",] == (4, 1, 4, 5)
    assert found["g",] == (9, 1, 9, 5)


def test_inline_tables_and_arrays_of_them() -> None:
    found = spots("""\
        a = { x = 1, y.z = "}", w = [ { v = 2 }, {v=3} ] }
        b = 4
        """)
    assert found["a",] == (1, 1, 1, 5)
    assert found["a", "x"] == (1, 7, 1, 11)
    assert found["a", "y", "z"] == (1, 16, 1, 20)
    assert found["a", "w", 1, "v"] == (1, 43, 1, 45)
    assert found["b",] == (2, 1, 2, 5)


def test_arrays_of_tables_and_their_sub_tables() -> None:
    found = spots("""\
        [[car]]
        id = 1
        [car.size]
        mm = 2
        [[car]]
        id = 3
        [[car.key]]
        n = 4
        [[ car . key ]]
        n = 5
        """)
    assert found["car", 0] == (1, 1, 1, 1)
    assert found["car", 0, "size", "mm"] == (4, 1, 4, 6)
    assert found["car", 1, "id"] == (6, 1, 6, 6)
    assert found["car", 1, "key", 0, "n"] == (8, 1, 8, 5)
    assert found["car", 1, "key", 1, "n"] == (10, 1, 10, 5)


def test_a_header_counts_over_the_table_it_implied_before() -> None:
    found = spots("""\
        [a.b]
        x = 1
        [a]
        y = 2
        """)
    assert found["a",] == (3, 1, 3, 1)
    assert found["a", "b"] == (1, 1, 1, 1)


def test_scalars_of_every_kind() -> None:
    found = spots("""\
        a = 1979-05-27 07:32:00Z
        b = [1_000, 0x1F, +inf, true,nan]
        c = 1e3#x
        d = 1
        """)
    assert found["b", 4][:2] == (2, 30)
    assert found["d",] == (4, 1, 4, 5)


def test_windows_line_ends_and_no_line_end_at_the_end() -> None:
    text = "a = 1\r\n\r\n[t]\r\nb = '''\r\nx'''\r\nc = 2"
    tomllib.loads(text)
    assert index(text)["t", "c"].key.line == 6


def paths_of(value: object, path: KeyPath = ()) -> set[KeyPath]:
    """Return every path of parsed values, found without the walker."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    own = {path} if path else set()
    return own.union(*(paths_of(child, (*path, key)) for key, child in children))


@pytest.mark.parametrize("kind", ["towers", "profiles", "scenarios", "demands"])
def test_every_key_of_every_packaged_file_has_its_place(kind: str) -> None:
    for file in packaged(kind).values():
        text = Path(file).read_text("utf-8")
        found = index(text)
        assert set(found) == paths_of(tomllib.loads(text))
        lines = text.split("\n")
        for path, spot in found.items():
            if isinstance(path[-1], str):
                line = lines[spot.key.line - 1][spot.key.column - 1 :]
                assert line.startswith((path[-1], "[")), (file, path)


def test_the_empty_text_has_no_keys() -> None:
    assert index("") == {}
    assert index("# only a comment") == {}
