"""What a command writes for people is there whole, or what was there before still is."""

import errno
import os
from pathlib import Path

import pytest

from controller.cli.whole_file import write_whole


def test_on_a_full_disk_the_old_pages_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    pages = tmp_path / "sheets.html"
    pages.write_text("last night's")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(pages, "tonight's")
    assert pages.read_text() == "last night's"
    assert list(tmp_path.iterdir()) == [pages]


def test_a_link_leads_to_the_file_and_its_mode_stays(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to("file")
    write_whole(link, "new\u2014")
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8") == "new\u2014"
    assert file.stat().st_mode & 0o777 == 0o640


def test_what_is_no_file_is_not_replaced() -> None:
    null = Path("/dev/null")
    write_whole(null, "text")
    assert null.is_char_device()
