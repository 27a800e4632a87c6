"""`cartower audit verify`, `backup` and `restore` on real journals."""

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from controller.cli.main import cartower
from controller.domain.jobs import JobState
from controller.domain.places import PlaceStatus
from controller.store.belief import believed
from controller.store.lock import FileLock
from controller.store.reading import entries_behind, verify_file
from tests.support.journals import open_journal
from tests.support.past import PAST, write_past


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    write_past(folder / "journal.sqlite")
    return folder


def ask(run_dir: Path, *args: str) -> Result:
    return CliRunner().invoke(cartower, [*args, "--run-dir", str(run_dir)])


def told(run_dir: Path, *args: str, code: int = 0) -> Any:
    result = ask(run_dir, *args, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def edit(journal: Path, statement: str) -> None:
    with closing(sqlite3.connect(journal)) as raw:
        raw.execute("DROP TRIGGER entry_is_never_changed")
        raw.execute(statement)
        raw.commit()


def test_a_whole_journal_is_told_with_what_to_note_elsewhere(run_dir: Path) -> None:
    entries = sum(len(records) for _, records in PAST)
    report = told(run_dir, "audit", "verify")
    assert report["ok"] is True
    assert (report["entries"], report["damage"]) == (entries, [])
    plain = ask(run_dir, "audit", "verify").stdout.splitlines()
    assert plain[1] == f"hold\t{entries}:{report['last_hash']}"
    assert told(run_dir, "audit", "verify", "--holds", f"{entries}:{report['last_hash']}")["ok"]


def test_an_edit_is_found(run_dir: Path) -> None:
    edit(run_dir / "journal.sqlite", "UPDATE entry SET at = at - 60 WHERE id = 3")
    report = told(run_dir, "audit", "verify", code=4)
    assert report["ok"] is False
    assert report["damage"] == ["entry 3 was changed"]
    assert "damaged\tentry 3 was changed" in ask(run_dir, "audit", "verify").stdout


def test_a_past_that_was_written_anew_is_found_by_what_was_noted(run_dir: Path, tmp_path: Path) -> None:
    noted = told(run_dir, "audit", "verify")
    other = tmp_path / "other.sqlite"
    write_past(other, (*PAST[:4], *PAST[5:]))
    assert told(run_dir, "audit", "verify", str(other))["ok"], "its own chain is whole"
    gone = told(run_dir, "audit", "verify", str(other), "--holds", f"{noted['entries']}:{noted['last_hash']}", code=4)
    assert gone["damage"] == [f"entry {noted['entries']} is missing"]
    another = told(run_dir, "audit", "verify", str(other), "--holds", f"5:{'0' * 64}", code=4)
    assert another["damage"][0].startswith("entry 5 has the hash ")


@pytest.mark.parametrize("seal", ["12", "x:0123456789", "3:abc", "3:zzzzzzzzzz", "²:0123456789", f"{10**18}:01234567"])
def test_a_seal_is_a_number_and_a_hash(run_dir: Path, seal: str) -> None:
    assert ask(run_dir, "audit", "verify", "--holds", seal).exit_code == 2


def test_what_is_no_journal_or_not_there_is_told_apart(run_dir: Path, tmp_path: Path) -> None:
    assert ask(tmp_path / "none", "audit", "verify").exit_code == 74
    (tmp_path / "text").write_text("a letter, not a journal\n" * 100)
    result = ask(run_dir, "audit", "verify", str(tmp_path / "text"))
    assert (result.exit_code, result.stdout) == (4, "")
    assert "damaged" in result.stderr


def test_a_backup_is_made_beside_a_writer_and_named_by_its_time(run_dir: Path) -> None:
    with closing(open_journal(run_dir / "journal.sqlite")) as journal:
        report = told(run_dir, "backup")
        asyncio.run(journal.append([("Asked", {"request": "later", "by": "", "rule": ""})]))
    (file,) = (run_dir / "backups").iterdir()
    assert report["file"] == str(file)
    assert report["bytes"] == file.stat().st_size
    assert report["last_hash"] == verify_file(file).last_hash
    assert report["entries"] == verify_file(run_dir / "journal.sqlite").entries - 1


def test_a_backup_goes_to_a_new_file_or_into_a_folder(run_dir: Path, tmp_path: Path) -> None:
    target = tmp_path / "monday.sqlite"
    assert ask(run_dir, "backup", str(target)).exit_code == 0
    again = ask(run_dir, "backup", str(target))
    assert again.exit_code == 1
    assert "ever written over" in again.stderr
    (tmp_path / "stick").mkdir()
    assert ask(run_dir, "backup", str(tmp_path / "stick")).exit_code == 0
    assert len(list((tmp_path / "stick").iterdir())) == 1
    assert ask(run_dir, "backup", str(tmp_path / "none" / "x.sqlite")).exit_code == 74


def test_of_a_damaged_journal_no_backup_is_made(run_dir: Path) -> None:
    edit(run_dir / "journal.sqlite", "UPDATE entry SET body = '{}' WHERE id = 3")
    assert ask(run_dir, "backup").exit_code == 4
    assert list((run_dir / "backups").iterdir()) == []


def saved(run_dir: Path, tmp_path: Path) -> Path:
    file = tmp_path / "saved.sqlite"
    assert ask(run_dir, "backup", str(file)).exit_code == 0
    write_past(run_dir / "journal.sqlite", PAST[-1:])
    return file


def test_a_restored_journal_claims_nothing_and_the_old_one_is_kept(run_dir: Path, tmp_path: Path) -> None:
    journal = run_dir / "journal.sqlite"
    file = saved(run_dir, tmp_path)
    before, later = verify_file(file), verify_file(journal)
    done = told(run_dir, "restore", str(file), "--yes")
    kept = Path(done["kept"])
    assert kept.parent == run_dir
    assert verify_file(kept) == later
    assert verify_file(file) == before, "the backup stays as it was"
    assert verify_file(journal).damage == ()
    book = believed(journal).book
    assert {place.status for place in book.places.values()} == {PlaceStatus.UNVERIFIED, PlaceStatus.BLOCKED}
    assert book.places[104].status is PlaceStatus.BLOCKED
    assert book.places[202].car == "B2", "where it was believed to be"
    assert book.places[202].reason.startswith("restored from a backup of ")
    assert done["closed_jobs"] == [2]
    assert book.jobs[2].state is JobState.CLOSED_BY_HAND
    assert book.jobs[1].state is JobState.DONE
    assert done["unverified"] == 7
    first = entries_behind(journal, before.entries)[0]
    assert first.kind == "Asked"
    assert str(first.body["request"]).startswith("Restore ")
    assert str(first.body["by"]).partition(":")[0].isdigit()


def test_nothing_is_restored_without_a_yes(run_dir: Path, tmp_path: Path) -> None:
    file = saved(run_dir, tmp_path)
    before = verify_file(run_dir / "journal.sqlite")
    result = ask(run_dir, "restore", str(file))
    assert result.exit_code == 6
    assert f"{before.entries} entries until " in " ".join(result.stderr.split())
    assert verify_file(run_dir / "journal.sqlite") == before
    assert not list(run_dir.glob("journal.sqlite.before-*"))


def test_nothing_is_restored_while_a_daemon_has_the_journal(run_dir: Path, tmp_path: Path) -> None:
    file = saved(run_dir, tmp_path)
    before = verify_file(run_dir / "journal.sqlite")
    lock = FileLock(run_dir / "journal.sqlite.lock")
    result = ask(run_dir, "restore", str(file), "--yes")
    lock.release()
    assert result.exit_code == 1
    assert "is in use by process" in result.stderr
    assert verify_file(run_dir / "journal.sqlite") == before
    assert ask(run_dir, "restore", str(file), "--yes").exit_code == 0


def test_a_damaged_backup_is_not_restored(run_dir: Path, tmp_path: Path) -> None:
    file = saved(run_dir, tmp_path)
    before = verify_file(run_dir / "journal.sqlite")
    edit(file, "UPDATE entry SET body = '{}' WHERE id = 3")
    assert ask(run_dir, "restore", str(file), "--yes").exit_code == 4
    assert verify_file(run_dir / "journal.sqlite") == before


def test_a_broken_journal_is_replaced_and_a_missing_one_made(run_dir: Path, tmp_path: Path) -> None:
    file = saved(run_dir, tmp_path)
    (run_dir / "journal.sqlite").write_text("what a failing disk left" * 400)
    result = ask(run_dir, "restore", str(file), "--yes")
    assert result.exit_code == 0, result.output
    assert verify_file(run_dir / "journal.sqlite").damage == ()
    (kept,) = run_dir.glob("journal.sqlite.before-*")
    assert kept.read_text().startswith("what a failing disk left")
    fresh = told(tmp_path / "fresh", "restore", str(file), "--yes")
    assert fresh["kept"] is None
    assert verify_file(tmp_path / "fresh" / "journal.sqlite").damage == ()


def test_what_root_restores_the_daemon_can_open(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: set[Path] = set()
    owner = run_dir.stat().st_uid, run_dir.stat().st_gid
    file = saved(run_dir, tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, *to: given.add(path) if to == owner else None)
    told(run_dir, "restore", str(file), "--yes")
    told(run_dir, "backup")
    # The journal is put in its place by its name, with its owner.
    assert given == {run_dir / name for name in ("journal.sqlite.restored", "journal.sqlite.lock", "backups")}


def test_a_missing_backup_is_told(run_dir: Path, tmp_path: Path) -> None:
    assert ask(run_dir, "restore", str(tmp_path / "none"), "--yes").exit_code == 74
