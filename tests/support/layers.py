"""The rules of the house as tables, and the checkers that read them. A checker returns complaints, none is good."""

import ast
import re
import sys
from collections.abc import Iterator

from tests.support.source_tree import OURS, Module, SourceTree

Table = dict[str, tuple[str, ...]]

HAL_PUBLIC = (
    *("hal.interfaces", "hal.readings", "hal.errors", "hal.tower", "hal.plcmap"),
    *("hal.carriage", "hal.bay", "hal.room", "hal.safety", "hal.station", "hal.scan"),
)
"""Drivers and what they speak of. Not public: links, framings, ports and the mailbox beneath the drivers."""

LEAVES = ("controller.domain", "controller.fault_codes")
CLIENT = ("controller.api.client", "controller.api.sync_client", "controller.api.messages")

MAY_IMPORT: Table = {
    "controller": (),
    # 1
    "controller.domain": (),
    "controller.fault_codes": ("controller.domain",),
    "controller.fsm": (),
    "controller.logs": (),
    "controller.machines": (*LEAVES, "controller.fsm"),
    "controller.activities": (*LEAVES, *HAL_PUBLIC),
    "controller.store": LEAVES,
    "controller.gateways": LEAVES,
    "controller.trace": (*LEAVES, "controller.store.writer", "hal.interfaces", "hal.plcmap"),
    # 2
    "controller.runtime": (
        *LEAVES,
        *HAL_PUBLIC,
        "controller.fsm",
        "controller.machines",
        "controller.activities",
        "controller.store",
    ),
    "controller.api": (*LEAVES, "controller.runtime.inbox", "hal.spare_thread"),
    "controller.web": (*LEAVES, *CLIENT),
    "controller.cli": (*LEAVES, *CLIENT, "config"),
    "controller.cli.offline": (*LEAVES, *CLIENT, "config", "controller.cli", "controller.store",
        "controller.trace.folder", "controller.trace.reading",
    ),
    "controller.office": (*LEAVES, *CLIENT, "controller.gateways"),
    # 3
    "controller.instruments": (*LEAVES, "hal"),
    "controller.settings": (*LEAVES, "config", "hal.tower"),
    "controller.links": ("config", "hal"),
    "controller.notify": (*LEAVES, "controller.runtime.inbox"),
    "controller.gauges": (*LEAVES, "controller.store.writer", "hal.scan", "hal.statistics"),
    "controller.tracing": (*LEAVES, "config", "hal", "controller.runtime", "controller.store", "controller.trace"),
    "controller.recording": (
        *LEAVES, "config", "hal.errors", "hal.link", "hal.noted_link", "controller.runtime.inbox",
        "controller.store.copying", "controller.store.writer",
    ),
    "controller.app": (
        *LEAVES,
        "config",
        "hal",
        "controller.recording",
        "controller.settings",
        "controller.links",
        "controller.instruments",
        "controller.notify",
        "controller.gauges",
        "controller.logs",
        "controller.fsm",
        "controller.machines",
        "controller.activities",
        "controller.store",
        "controller.gateways",
        "controller.runtime",
        "controller.trace",
        "controller.tracing",
        "controller.api",
    ),
    "controller.__main__": ("config", "controller.app", "controller.cli", "controller.logs"),
    # 4
    "hal": (),
    "hal.plcmap": (),
    "config": ("hal.plcmap",),
    # 5
    "sim_plc": ("config", "hal.plcmap"),
    "sim_plc.image": (),
    "sim_plc.unit": (),
    "sim_plc.plant": ("sim_plc.image", "config", "hal.plcmap"),
    "sim_plc.program": ("sim_plc.image", "sim_plc.unit", "config", "hal.plcmap"),
    "sim_plc.rehearsal": (
        "sim_plc", "config", "hal.claim", "hal.plcmap", "hal.link", "hal.cadence", "hal.errors",
        "hal.modbus_link", "hal.modbus_request", "hal.modbus_framing", "hal.crc16",
        "controller.app", "controller.domain", "controller.logs", "controller.settings", "controller.store",
        "controller.recording",
    ),
    "sim_plc.rehearsal.ablations": ("sim_plc", "config", "hal", "controller"),
    "sim_plc.study": ("sim_plc.view", "config", "hal.plcmap", "controller.domain", "controller.settings"),
    "sim_plc.demo": ("sim_plc", "config", "hal.plcmap", *CLIENT),
    "tests": OURS,
}  # fmt: skip
"""Who may import what of ours, by prefix; the longest prefix counts. A package may always import itself."""

STDLIB_ONLY = ("controller.domain", "controller.fault_codes", "hal.plcmap", "sim_plc.image", "sim_plc.plant")

STDLIB = sys.stdlib_module_names | {"_typeshed"}
"""The second holds types of the first for checkers alone; it does not exist at run time."""

DOORS: Table = {
    "pymodbus": ("sim_plc.wire",),
    "serial": ("hal.serial_port", "hal.modbus_link"),
    "transitions": ("controller.fsm",),
    "structlog": ("controller",),
    "sqlite3": ("controller.store",),
    "sqlalchemy": ("controller.office",),
    "pydantic": ("config",),
    "pydantic_core": ("config",),
    "click": ("controller.cli", "controller.__main__", "sim_plc"),
}
"""The only modules that may import a library that touches the outside or rules a layer. No other library is used."""

NEVER = ("pymodbus.client", "pymodbus.server", "pymodbus.datastore")
"""Parts of a library that no door opens: its own client, server and memory."""

STRUCTLOG_SETUP = ("structlog.configure", "structlog.configure_once", "structlog.reset_defaults")

PORTS: Table = {
    # Wall time, random numbers and identities of a start come in at the composition root; a person's command
    # waits in its own process.
    "time.time": ("controller.app", "controller.__main__"),
    "time.sleep": ("controller.cli", "controller.__main__", "sim_plc.demo"),
    "datetime.now": ("controller.app", "controller.__main__", "controller.cli"),
    "datetime.utcnow": (),
    "datetime.today": (),
    "date.today": (),
    "uuid4": (),
    "urandom": ("controller.app", "controller.__main__"),
    "random": (),
    "secrets": ("controller.app", "controller.__main__"),
    "threading": ("controller.store", "hal.spare_thread"),
}
"""Sources of time, chance and threads, and the modules that may touch each."""


def layer_complaints(tree: SourceTree) -> list[str]:
    """Rules 1 to 6: who may import whom."""
    return [text for module in tree.values() for text in _layer(module)]


def _layer(module: Module) -> Iterator[str]:
    prefix = max((one for one in MAY_IMPORT if module.within(one)), key=len, default="")
    if not prefix:
        yield f"{module.path}: {module.name} has no rule: say in the table what it may import"
        return
    allowed = (prefix, *MAY_IMPORT[prefix])
    if set(OURS) <= set(allowed):
        return
    for found in module.imports:
        if found.root in OURS and not any(found.within(one) for one in allowed):
            yield f"{module.path}:{found.line}: {prefix} may not import {found.name}"


def station_complaints(tree: SourceTree) -> list[str]:
    """Rule 5: the program of one station reads no other station's image."""
    images = {"TowerImage", "BayLevelImage"}
    return [
        f"{module.path}: names both stations' images"
        for module in tree.values()
        if module.within("sim_plc.program") and images <= {found.name.rpartition(".")[2] for found in module.imports}
    ]


def door_complaints(tree: SourceTree) -> list[str]:
    """Rules 1, 4 and 7: one door for each third party, and rooms that use the standard library alone."""
    return [text for module in tree.values() if not module.within("tests") for text in _doors(module)]


def _doors(module: Module) -> Iterator[str]:
    for found in module.imports:
        guarded = found.root in DOORS
        outside = found.root not in OURS and found.root not in STDLIB
        if any(found.within(part) for part in NEVER):
            yield f"{module.path}:{found.line}: {found.name} is imported nowhere"
        elif guarded and not any(module.within(door) for door in DOORS[found.root]):
            yield f"{module.path}:{found.line}: {found.root} is imported only by {', '.join(DOORS[found.root])}"
        elif outside and not guarded:
            yield f"{module.path}:{found.line}: {found.root} has no door: say in the table who may import it"
        elif outside and any(module.within(room) for room in STDLIB_ONLY):
            yield f"{module.path}:{found.line}: only the standard library here, not {found.root}"
    if not module.within("controller.logs"):
        for name, line in module.dotted_names:
            if name in STRUCTLOG_SETUP:
                yield f"{module.path}:{line}: {name} is called only in controller/logs.py"


def port_complaints(tree: SourceTree) -> list[str]:
    """Time, chance and threads come through ports, so that a run is a function of its seed."""
    return [text for module in tree.values() if not module.within("tests") for text in _ports(module)]


def _ports(module: Module) -> Iterator[str]:
    for name, line in (*module.dotted_names, *_from_imports(module)):
        source = _source_of(name)
        if source and not any(module.within(port) for port in PORTS[source]):
            yield f"{module.path}:{line}: {name} goes through a port"


def _from_imports(module: Module) -> Iterator[tuple[str, int]]:
    """``from time import time`` and ``import threading`` count as uses."""
    for found in module.imports:
        if "." in found.name or found.name == "threading":
            yield found.name, found.line


def _source_of(name: str) -> str:
    parts = name.split(".")
    if parts[0] == "random":
        return "" if len(parts) == 1 or parts[1] == "Random" else "random"
    if parts[0] in {"secrets", "threading"}:
        return parts[0]
    if parts[-1] in {"uuid4", "urandom"}:
        return parts[-1]
    last_two = ".".join(parts[-2:])
    return last_two if last_two in PORTS else ""


_UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
_SIMULATION = re.compile("simul" + "at|sim" + "_plc|sim" + "ulus", re.IGNORECASE)
_LET_OFF = ("skip", "skipif", "xfail", "importorskip", "skipIf", "skipUnless", "expectedFailure", "skipTest")


def word_complaints(tree: SourceTree) -> list[str]:
    """Nothing unfinished, no test let off, and no production code that speaks of its own rehearsal."""
    return [text for module in tree.values() for text in _words(module)]


def _words(module: Module) -> Iterator[str]:
    production = module.within("controller") or module.within("hal")
    for number, line in enumerate(module.text.splitlines(), start=1):
        if _UNFINISHED.search(line):
            yield f"{module.path}:{number}: something is left to do"
        if production and _SIMULATION.search(line):
            yield f"{module.path}:{number}: production code does not know that it may be rehearsed"
    if not any(word in module.text for word in _LET_OFF):
        # To walk through a module costs more than to read it.
        return
    for name, line_number in module.dotted_names:
        if name.rpartition(".")[2] in _LET_OFF and name.partition(".")[0] in {"pytest", "unittest", "self"}:
            yield f"{module.path}:{line_number}: {name}: a test is let off"


def silent_modules(tree: SourceTree) -> list[str]:
    """Find production modules without a docstring; the package of the hardware layer is empty on purpose."""
    return [
        module.path
        for module in tree.values()
        if not module.within("tests") and module.name != "hal" and not ast.get_docstring(module.tree)
    ]


HARMFUL = ("open", "print", "input", "exec", "eval")


def import_complaints(tree: SourceTree) -> list[str]:
    """Find what is done at import: a call at a module's top level may build constants, and nothing else."""
    return [
        f"{module.path}:{node.lineno}"
        for module in tree.values()
        if any(f"{name}(" in module.text for name in HARMFUL)
        for statement in module.tree.body
        if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in HARMFUL
    ]
