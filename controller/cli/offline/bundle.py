"""`cartower bundle`: what somebody who helps from afar has to see, in one file, without secrets."""

import io
import json
import os
import platform
import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from controller.api.messages import ApiError
from controller.api.sync_client import SyncClient
from controller.cli.doctor import as_body, findings
from controller.cli.examples import shown
from controller.cli.offline.objections import told
from controller.cli.offline.service import standings
from controller.cli.options import JOURNAL, SOCKET, TRACES, json_option, run_dir_option
from controller.cli.output import emit_json
from controller.cli.record_text import KINDS, entry_text, when_text
from controller.cli.redact import Redactor
from controller.cli.since import since_option
from controller.domain.refusal import Refusal
from controller.domain.service_picture import table
from controller.store.errors import JournalDamaged
from controller.store.reading import entries_since
from controller.trace.folder import kept
from controller.trace.reading import TraceDamaged, every_line

if TYPE_CHECKING:
    from config.schema import Bus

MODE: Final = 0o600
"""Of the file: it tells who asked for what, and which car stands where."""

NEWEST_TRACES: Final = 3
"""How many traces go in, as long as their files are not larger than ..."""
TRACE_BYTES: Final = 2 << 20

SERVICE: Final = "service.json"

QUERIES: Final = {
    "status.json": ("status", {}),
    "places.json": ("places", {}),
    "jobs.json": ("jobs", {"all": True}),
    "buses.json": ("bus.stats", {}),
    SERVICE: ("service", {}),
}
"""What is asked from the daemon: the file, and the request."""


@dataclass
class _Contents:
    """What goes in, by file; a file ending in ``.jsonl`` is a list, a line each."""

    files: dict[str, object] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """Why a file is not there."""
    secrets: list[str] = field(default_factory=list)
    """What must not be in any of them."""


@click.command(
    epilog=shown(
        "cartower bundle --config my.toml",
        "cartower bundle --since 2h -o /media/usb/tower.tar.gz",
        "cartower bundle --json | jq -r .file",
    )
)
@click.option("--config", "config_file", help="Tower that is told, too: a TOML file, or the name of a packaged one.")
@click.option(
    "--since", "since_s", callback=since_option, default="1d", show_default=True, help="From when on events are told."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The new file. [default: here]")
@run_dir_option
@json_option
@told
def bundle(config_file: str | None, since_s: float, output: Path | None, run_dir: Path, *, as_json: bool) -> None:
    """Gather configuration, versions, events, traces, states, counters and the doctor's report in one tar.gz.

    The daemon may be up or down: MANIFEST.json names what could not be had, and why. Keys, passwords and tokens are
    taken out, and no file of a key goes in. Ids of cars and names of users stay in it: hand it on with care.
    """
    now = datetime.now(UTC)
    contents = _gather(config_file, since_s, run_dir)
    file = output or Path(f"cartower-bundle-{now:%Y%m%dT%H%M%SZ}.tar.gz")
    redactor = Redactor()
    redactor.learn([*contents.files.values(), contents.missing, {"secret": contents.secrets}])
    manifest = {
        "made_at": now.isoformat(timespec="seconds"),
        "cartower": metadata.version("cartower"),
        "events_since": when_text(since_s),
        "files": [*contents.files],
        "missing": contents.missing,
        "secrets_taken_out": redactor.known,
    }
    clean = {name: redactor.hide(value) for name, value in {"MANIFEST.json": manifest, **contents.files}.items()}
    _write(file, clean, now.timestamp())
    shown_manifest = clean["MANIFEST.json"]
    assert isinstance(shown_manifest, dict)
    _tell(file, shown_manifest, as_json=as_json)


def _gather(config_file: str | None, since_s: float, run_dir: Path) -> _Contents:
    contents = _Contents()
    contents.files["versions.json"] = _versions()
    _add_configuration(contents, config_file, run_dir)
    _add_events(contents, run_dir / JOURNAL, since_s)
    _add_traces(contents, run_dir / TRACES)
    _add_answers(contents, run_dir / SOCKET)
    _add_service(contents, run_dir / JOURNAL)
    return contents


def _versions() -> Mapping[str, object]:
    found = sorted({f"{each.name}=={each.version}" for each in metadata.distributions()})
    return {
        "python": sys.version,
        "executable": sys.executable,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "packages": found,
    }


def _add_configuration(contents: _Contents, config_file: str | None, run_dir: Path) -> None:
    """Add the tower as it is understood, and what the doctor says of it and of this computer."""
    from config.faults import ConfigError
    from config.load import load_tower

    tower = None
    if config_file is None:
        contents.missing["configuration.json"] = "no --config was given"
    else:
        try:
            tower = load_tower(config_file)
            contents.files["configuration.json"] = tower.model_dump(mode="json")
            contents.secrets += [line for bus in tower.bus.values() for line in _key_lines(bus, run_dir)]
        except ConfigError as error:
            contents.missing["configuration.json"] = str(error)
    contents.files["doctor.json"] = as_body(findings(run_dir, tower))


def _key_lines(bus: "Bus", run_dir: Path) -> Iterator[str]:
    """Yield the lines of a secured bus's private key, so that none of them leaves by another way."""
    name = bus.key if bus.kind == "tcp" else ""
    if not name:
        return
    try:
        text = (run_dir / name).read_text("ascii", "replace")
    except OSError:  # a key that cannot be read here cannot leave from here
        return
    yield from (line for line in text.split() if not line.startswith("-"))


def _add_events(contents: _Contents, journal: Path, since_s: float) -> None:
    try:
        contents.files["events.jsonl"] = [
            {
                "at": when_text(entry.at),
                "entry": entry.id,
                "kind": KINDS.get(entry.kind, entry.kind),
                "text": entry_text(entry.kind, entry.body),
                "body": entry.body,
            }
            for entry in entries_since(journal, since_s)
        ]
    except (JournalDamaged, OSError) as error:
        contents.missing["events.jsonl"] = str(error)


def _add_traces(contents: _Contents, folder: Path) -> None:
    """Add the newest traces, opened: what is zipped in them could not be looked through for secrets."""
    try:
        traces = kept(folder)
    except OSError as error:
        contents.missing[TRACES] = str(error)
        return
    room = TRACE_BYTES
    for each in reversed(traces[-NEWEST_TRACES:]):
        name, room = f"{TRACES}/{each.file.name.removesuffix('.gz')}", room - each.bytes
        if room < 0:
            contents.missing[name] = "the bundle would become too large; the file stands beside the journal"
            continue
        try:
            contents.files[name] = list(every_line(each.file))
        except (TraceDamaged, OSError) as error:
            contents.missing[name] = str(error)


def _add_answers(contents: _Contents, socket: Path) -> None:
    for name, (method, params) in QUERIES.items():
        try:
            with SyncClient(socket) as client:
                contents.files[name] = client.call(method, **params)
        except (ApiError, Refusal) as error:
            contents.missing[name] = str(error)


def _add_service(contents: _Contents, journal: Path) -> None:
    """Add the service counters from the journal, where no daemon has told them."""
    if SERVICE not in contents.missing:
        return
    try:
        contents.files[SERVICE] = {"components": table(standings(journal))}
    except (JournalDamaged, OSError) as error:
        contents.missing[SERVICE] = str(error)
    else:
        del contents.missing[SERVICE]


def _write(file: Path, contents: Mapping[str, object], at: float) -> None:
    """Write the archive as a new file.

    Raises:
        FileExistsError: it is there.
        OSError: it cannot be written; nothing is left of it.

    """
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE)
    try:
        with os.fdopen(handle, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as archive:
            folder = file.name.removesuffix(".gz").removesuffix(".tar")
            for name, value in contents.items():
                data = "".join(_lines(name, value)).encode()
                info = tarfile.TarInfo(f"{folder}/{name}")
                info.size, info.mtime, info.mode = len(data), int(at), MODE
                archive.addfile(info, io.BytesIO(data))
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _lines(name: str, value: object) -> Iterator[str]:
    if name.endswith(".jsonl"):
        assert isinstance(value, list)
        yield from (json.dumps(each, ensure_ascii=False) + "\n" for each in value)
    else:
        yield json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _tell(file: Path, manifest: Mapping[str, object], *, as_json: bool) -> None:
    files, missing = manifest["files"], manifest["missing"]
    assert isinstance(files, list)
    assert isinstance(missing, dict)
    if as_json:
        told_of = {"file": str(file), "bytes": file.stat().st_size, "files": files, "missing": missing}
        emit_json({**told_of, "secrets_taken_out": manifest["secrets_taken_out"]})
        return
    print(f"bundle\t{file}\t{file.stat().st_size} bytes")
    for name in files:
        print(f"in it\t{name}")
    for name, why in missing.items():
        print(f"missing\t{name}\t{why}")
