"""Files of traces: whole or not there, numbered, and no more than there is room for."""

import gzip
import os
from pathlib import Path

import pytest

from controller.trace.folder import Limits, Sheet, highest_number, kept, make_room
from controller.trace.reading import NoSuchTrace, TraceDamaged, find, heading, read

HEAD = '{"what":"trace","version":1,"number":%d}'


def write(folder: Path, number: int, *lines: str) -> Sheet:
    sheet = Sheet(folder, number, "safety", 1_800_000_000.0 + number)
    sheet.open()
    sheet.add(lines or (HEAD % number, '{"what":"end","lines":1}'))
    return sheet


def fill(folder: Path, *numbers: int) -> None:
    for number in numbers:
        write(folder, number).publish()


def numbers(folder: Path) -> list[int]:
    return [each.number for each in kept(folder)]


def test_a_trace_is_there_when_it_is_whole_and_readable_by_the_group_alone(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    assert (numbers(folder), highest_number(folder)) == ([], 0)
    sheet = write(folder, 7)
    assert numbers(folder) == []
    sheet.publish()
    (trace,) = kept(folder)
    assert trace.file.name == "000007-20270115T080007Z-safety.jsonl.gz"
    assert trace.file.stat().st_mode & 0o777 == 0o640
    assert folder.stat().st_mode & 0o777 == 0o750
    assert [*folder.iterdir()] == [trace.file]
    assert highest_number(folder) == 7
    with gzip.open(trace.file, "rt") as stream:
        assert stream.readline() == HEAD % 7 + "\n"


def test_a_trace_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut behind a fault left a file of its size and no content: the trace of what the power had done."""
    deeds: list[str] = []
    swift = Path.replace

    def sync(handle: int) -> None:
        file = Path(f"/proc/self/fd/{handle}").readlink()
        deeds.append("folder" if file.is_dir() else gzip.decompress(file.read_bytes()).decode())

    def name(part: Path, whole: Path) -> Path:
        deeds.append("name")
        return swift(part, whole)

    sheet = write(tmp_path, 7, "whole")
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", name)
    sheet.publish()
    assert deeds == ["whole\n", "name", "folder"]


def test_what_a_killed_daemon_left_goes_with_the_next_trace(tmp_path: Path) -> None:
    write(tmp_path, 1)
    assert len([*tmp_path.iterdir()]) == 1
    fill(tmp_path, 2)
    assert [each.name.split("-")[0] for each in tmp_path.iterdir()] == ["000002"]


def test_an_abandoned_trace_leaves_nothing_and_none_is_written_over(tmp_path: Path) -> None:
    write(tmp_path, 1).abandon()
    assert [*tmp_path.iterdir()] == []
    fill(tmp_path, 1)
    again = write(tmp_path, 1)
    with pytest.raises(FileExistsError):
        again.publish()
    again.abandon()
    assert numbers(tmp_path) == [1]


def test_the_oldest_make_room_by_count_and_by_size_and_the_newest_stays(tmp_path: Path) -> None:
    fill(tmp_path, 1, 2, 3, 10, 11)
    two = sum(each.bytes for each in kept(tmp_path)[-2:])
    make_room(tmp_path, Limits(4, 1 << 20))
    assert numbers(tmp_path) == [2, 3, 10, 11]
    make_room(tmp_path, Limits(50, two))
    assert numbers(tmp_path) == [10, 11]
    make_room(tmp_path, Limits(1, 1))
    assert numbers(tmp_path) == [11]
    (tmp_path / "notes.txt").write_text("not ours")
    make_room(tmp_path, Limits(1, 1))
    assert (tmp_path / "notes.txt").exists()


def test_a_trace_is_found_by_its_number_or_as_the_last(tmp_path: Path) -> None:
    fill(tmp_path, 2, 11)
    assert find(tmp_path, "2").number == 2
    assert find(tmp_path, "000002").number == 2
    assert find(tmp_path, "last").number == 11
    for wanted in ("3", "x", "²", ""):
        with pytest.raises(NoSuchTrace):
            find(tmp_path, wanted)
    with pytest.raises(NoSuchTrace):
        find(tmp_path / "none", "last")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((HEAD % 1,), "torn"),
        ((HEAD % 1, '{"what":"end","lines":2}'), "torn"),
        (('{"what":"trace","version":2}', '{"what":"end","lines":1}'), "version 2"),
        (('{"what":"change"}', '{"what":"end","lines":1}'), "does not begin"),
        (("[1]",), "none of a trace"),
        (("{",), "cannot be read"),
    ],
)
def test_a_file_that_is_no_whole_trace_is_named(tmp_path: Path, lines: tuple[str, ...], why: str) -> None:
    write(tmp_path, 1, *lines).publish()
    with pytest.raises(TraceDamaged, match=why):
        read(kept(tmp_path)[0].file)


def test_a_file_cut_short_is_named_and_its_heading_may_still_be_read(tmp_path: Path) -> None:
    write(tmp_path, 1, HEAD % 1, *(f'{{"what":"x","n":{n * 7919}}}' for n in range(4000)), '{"what":"end"}').publish()
    file = kept(tmp_path)[0].file
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(TraceDamaged, match="to its end"):
        read(file)
    assert heading(file)["number"] == 1
