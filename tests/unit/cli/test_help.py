"""Every page of help: there, with an example that the command line itself understands, and with the exit codes."""

import shlex
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from controller.cli.main import cartower

Path = tuple[str, ...]


def pages(group: click.Group, path: Path = ()) -> Iterator[tuple[Path, click.Command]]:
    yield path, group
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from pages(command, (*path, name))
        else:
            yield (*path, name), command


PAGES = [pytest.param(path, id=" ".join(path) or "cartower") for path, _ in pages(cartower)]


def help_of(path: Path, columns: int = 80) -> list[str]:
    result = CliRunner().invoke(cartower, [*path, "--help"], terminal_width=columns)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def examples(lines: list[str]) -> list[str]:
    start = lines.index("  Examples:") + 1
    end = lines.index("", start)
    return [line.strip() for line in lines[start:end]]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_gives_examples_and_exit_codes(path: Path) -> None:
    lines = help_of(path)
    assert examples(lines)
    assert "  Exit codes:" in lines
    assert max(map(len, lines[: lines.index("  Examples:")])) <= 80, "prose keeps to the terminal"
    assert all(" ".join(("cartower", *path[:1])) in each for each in examples(lines)), "of this very command"


@pytest.mark.parametrize("path", PAGES)
def test_every_example_is_understood(path: Path) -> None:
    """Parsed to the last option, and not run."""
    for line in examples(help_of(path, columns=200)):
        words = shlex.split(line.partition("#")[0].replace('eval "$(', "").replace(')"', ""))
        words = words[1 : next((i for i, word in enumerate(words) if word in (">", "|")), len(words))]
        group: click.Command = cartower
        while isinstance(group, click.Group):
            found = group.get_command(click.Context(group), words.pop(0))
            assert found is not None, line
            group = found
        if path == ():
            words = words[: next((i for i, word in enumerate(words) if word in ("the", "what", "bring", "Tab")), 99)]
        group.make_context(group.name, words)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(("retreive",), "retrieve"), (("stat",), "status"), (("io", "lst"), "list"), (("bus", "stat"), "stats")],
)
def test_a_mistyped_command_is_guessed(typed: Path, meant: str) -> None:
    result = CliRunner().invoke(cartower, typed)
    assert result.exit_code == 2
    assert meant in result.stderr.partition("Did you mean")[2]


def test_what_is_like_nothing_names_the_list() -> None:
    assert "--help` lists them" in CliRunner().invoke(cartower, ["xyzzy"]).stderr
