"""`cartower run --capture FILE`, `--record FOLDER`: a new file, a new folder, handed to the daemon."""

from pathlib import Path
from typing import TextIO

from click.testing import CliRunner

from config.schema import Site, Tower
from controller.cli.main import cartower


def run(*options: str) -> tuple[int, str, list[str]]:
    """Run the command with a daemon that writes a line into its capture and ends."""
    captured: list[str] = []

    def serve(tower: Tower, site: Site, log_level: str, capture: TextIO | None, record: Path | None) -> int:
        del tower, site, log_level
        if record is not None:
            captured.append(str(record))
        if capture is not None:
            capture.write("a line\n")
            captured.append(capture.name)
        return 0

    result = CliRunner().invoke(cartower, ["run", "--config", "small", *options], obj=serve)
    return result.exit_code, result.output, captured


def test_the_daemon_gets_a_new_file(tmp_path: Path) -> None:
    file = tmp_path / "capture.txt"
    assert run("--capture", str(file)) == (0, "", [str(file)])
    assert file.read_text() == "a line\n"


def test_an_older_capture_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "capture.txt"
    file.write_text("kept")
    code, output, captured = run("--capture", str(file))
    assert (code, captured) == (2, [])
    assert "File exists" in output
    assert file.read_text() == "kept"


def test_without_the_option_nothing_is_taken_down() -> None:
    assert run() == (0, "", [])


def test_the_daemon_gets_the_name_of_a_new_folder_and_no_older_recording(tmp_path: Path) -> None:
    assert run("--record", str(tmp_path / "new")) == (0, "", [str(tmp_path / "new")])
    code, output, captured = run("--record", str(tmp_path))
    assert (code, captured) == (2, [])
    assert "no recording is written over" in output
