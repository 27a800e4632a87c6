"""The port with one line of its source replaced, to show that a check sees what that line is for."""

import inspect
import sys
from types import ModuleType

PARTS = ("hal.line_silence", "hal.modbus_framing", "hal.modbus_request", "hal.modbus_link")
"""In the order in which they import each other."""


def port_with(module: str, old: str, new: str) -> dict[str, ModuleType]:
    """Return fresh copies of the port's modules, with ``old`` replaced in one.

    Raises:
        AssertionError: ``old`` does not stand there exactly once.

    """
    original = {name: sys.modules[name] for name in PARTS}
    fresh: dict[str, ModuleType] = {}
    try:
        for name in PARTS:
            source = inspect.getsource(original[name])
            if name == module:
                assert source.count(old) == 1, f"{name} holds {old!r} {source.count(old)} times"
                source = source.replace(old, new)
            fresh[name] = sys.modules[name] = ModuleType(name)
            exec(compile(source, f"{name} without {old}", "exec"), fresh[name].__dict__)
    finally:
        sys.modules.update(original)
    return fresh
