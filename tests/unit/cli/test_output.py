import click
import pytest

from controller.cli import output


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "for_people", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.usefixtures("terminal")
def test_a_terminal_gets_aligned_columns(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_table(("car", "where"), [(output.ink("C1", bold=True), "bay 102"), ("C1000", "-")], empty="none")
    shown = capsys.readouterr().out
    assert "\x1b[1m" in shown
    assert click.unstyle(shown).splitlines() == ["car    where", "C1     bay 102", "C1000  -"]


@pytest.mark.usefixtures("terminal")
def test_a_terminal_is_told_that_there_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_table(("car", "where"), [], empty="no car is known")
    assert capsys.readouterr().out == "no car is known\n"


def test_a_pipe_gets_its_headers_even_without_rows(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_table(("car", "where"), [], empty="no car is known")
    assert capsys.readouterr().out == "car\twhere\n"


def test_json_into_a_pipe_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_json({"car": "粤A", "n": [1, 2]})
    assert capsys.readouterr().out == '{"car": "粤A", "n": [1, 2]}\n'


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_that_wants_no_colour_gets_none(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    assert output.ink("x", output.BAD, bold=True) != "x"
    monkeypatch.setenv(variable, value)
    assert output.ink("x", output.BAD, bold=True) == "x"


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("columns", "shown"), [(40, "name  value  owner  text"), (20, "name  value  owner"), (8, "name  value")]
)
def test_a_narrow_terminal_does_without_spare_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int, shown: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    output.emit_table(("name", "value", "owner", "text"), [("a", "1", "plc", "what")], empty="", spare=2)
    assert click.unstyle(capsys.readouterr().out).splitlines()[0] == shown
