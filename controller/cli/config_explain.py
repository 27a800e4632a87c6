"""`cartower config explain`: what a key means, and where a tower sets it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

from controller.cli.examples import shown
from controller.cli.exits import BAD_CONFIGURATION, USAGE, fail
from controller.cli.options import json_option, profile_option, set_option
from controller.cli.output import align, emit_json, ink

if TYPE_CHECKING:
    from config.describe import KeyInfo, Setting
    from config.sources import Sources

EXITS: Final = """\b
Exit codes:
  0   done
  2   no such key, or wrong use of the command line
  5   the tower of --config cannot be read
"""


@click.command(
    epilog=shown(
        "cartower config explain",
        "cartower config explain machine.lift",
        "cartower config explain speed_mm_s --config autostadt",
        exits=EXITS,
    )
)
@click.argument("key", default="")
@click.option("--config", "config_file", help="Tower: a TOML file or a packaged name; shows where it sets the key.")
@profile_option
@set_option
@json_option
def explain(
    key: str, config_file: str | None, profile: str | None, overrides: dict[str, str], *, as_json: bool
) -> None:
    """Say what KEY means: its type, unit, range and default.

    KEY is dotted, such as machine.lift.speed_mm_s or bus.bays.baud; its end alone will do (speed_mm_s), and
    without a key every key is listed. A key that differs from bus to bus or place to place is told with NAME or PLACE.
    """
    from config.describe import below, catalogue, look_up, near

    keys = look_up(key) if key else list(catalogue())
    if not keys:
        hint = near(key)
        fail(USAGE, f"no such key: {key}" + (f"\ndid you mean {' or '.join(hint)}?" if hint else ""))
    sources = _sources(config_file, profile, overrides) if config_file else None
    if sources is not None:
        keys = _of_this_tower(key, keys, sources)
    told = [(each, _settings(key, each, sources)) for each in keys]
    if as_json:
        emit_json({"keys": [each.to_json() | {"set": [one.to_json() for one in set_at]} for each, set_at in told]})
        return
    if not key:
        print("\n".join(_list(keys)))
        return
    for each, set_at in told:
        print("\n".join(_told(each, set_at if config_file else None, below(each) if each.is_table else [])))


def _sources(config_file: str, profile: str | None, overrides: dict[str, str]) -> "Sources":
    from config.examine import examine
    from config.faults import ConfigError

    try:
        return examine(config_file, profile=profile, overrides=overrides).sources
    except ConfigError as error:
        fail(BAD_CONFIGURATION, str(error))


def _of_this_tower(asked: str, keys: "list[KeyInfo]", sources: "Sources") -> "list[KeyInfo]":
    """Return the keys without those of the other kind, if the tower has the bus that was asked for."""
    first, _, rest = asked.partition(".")
    bus = sources.merged().get("bus", {}).get(rest.partition(".")[0], {}) if first == "bus" else {}
    kind = bus.get("kind") if isinstance(bus, dict) else None
    return [each for each in keys if each.of == kind] or keys


def _settings(asked: str, info: "KeyInfo", sources: "Sources | None") -> "list[Setting]":
    """Return what the tower's files set; a key with a free name is that of the bus that was asked for, or of each."""
    from config.describe import ANY, settings

    if sources is None:
        return []
    table, _, rest = info.key.partition(".")
    free, _, end = rest.partition(".")
    if free != ANY.get(table):
        return settings(info.key, sources)
    if asked.startswith(f"{table}.") and asked.count(".") == info.key.count("."):
        return settings(asked, sources)
    named = sources.merged().get(table, {})
    return [one for name in named if _is_of(named[name], info.of) for one in settings(f"{table}.{name}.{end}", sources)]


def _is_of(table: object, kind: str) -> bool:
    return not kind or (isinstance(table, dict) and table.get("kind") == kind)


def _told(info: "KeyInfo", set_at: "list[Setting] | None", keys: "list[KeyInfo]") -> Iterator[str]:
    yield ink(info.key, bold=True) + (f" (a bus of kind {info.of})" if info.of else "")
    yield f"  {info.meaning}"
    rows = [("allowed", info.allowed), ("unit", info.unit), ("default", info.default)]
    yield from align([(f"  {name}", text) for name, text in rows if text])
    if keys:
        yield "  keys:"
        yield from (f"    {line}" for line in _list(keys))
    if set_at is not None and not info.is_table:
        yield from _places(set_at)
    yield ""


def _places(set_at: "list[Setting]") -> Iterator[str]:
    if not set_at:
        yield "  set nowhere: the default counts"
    key = ""
    for one in set_at:
        yield f"  {'overrides' if one.key == key else 'set at   '} {one.where}: {one.key} = {one.value}"
        key = one.key


def _list(keys: "list[KeyInfo]") -> list[str]:
    rows = [(each.key + (f" ({each.of})" if each.of else ""), each.unit, each.meaning) for each in keys]
    return align(rows)
