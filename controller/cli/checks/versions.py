"""Python and the packages, against what this release is pinned to."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import metadata
from typing import Final

from controller.cli.checks.finding import Finding, fail, ok

DISTRIBUTION: Final = "cartower"
LEAST_PYTHON: Final = (3, 11)

_REQUIREMENT: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)\s*(?P<ranges>[^;]*)(;(?P<marker>.*))?$")
_RANGE: Final = re.compile(r"(==|>=|<=|!=|<|>)\s*([0-9][0-9A-Za-z.+!-]*)")

Version = tuple[int, ...]

_HOLDS: Final[Mapping[str, Callable[[Version, Version], bool]]] = {
    "==": lambda has, asked: has == asked,
    "!=": lambda has, asked: has != asked,
    ">=": lambda has, asked: has >= asked,
    "<=": lambda has, asked: has <= asked,
    ">": lambda has, asked: has > asked,
    "<": lambda has, asked: has < asked,
}


def check_versions() -> Iterator[Finding]:
    """Check the interpreter and every package that this release needs."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LEAST_PYTHON:
        yield fail("python", version, "install Python 3.11 or newer, and cartower into it")
    else:
        yield ok("python", f"{version} at {sys.executable}")
    yield check_packages(metadata.requires(DISTRIBUTION) or (), _installed)


def check_packages(requirements: Iterable[str], installed: Callable[[str], str | None]) -> Finding:
    """Check requirements, as a distribution names them, against what ``installed`` knows; extras are left out."""
    wrong, right = [], []
    for requirement in requirements:
        found = _REQUIREMENT.match(requirement)
        if found is None or "extra" in (found["marker"] or ""):
            continue
        has = installed(found["name"])
        if has is not None and fits(has, found["ranges"]):
            right.append(f"{found['name']} {has}")
        else:
            wrong.append(f"{found['name']} is {has or 'not there'}, not {found['ranges'].strip()}")
    if wrong:
        return fail("packages", "; ".join(wrong), f"{sys.executable} -m pip install --force-reinstall {DISTRIBUTION}")
    return ok("packages", ", ".join(right))


def fits(version: str, ranges: str) -> bool:
    """Whether a version lies in ranges such as ``>=2.12,<3``; what follows the numbers of a version is not compared."""
    return all(_holds(sign, version, asked) for sign, asked in _RANGE.findall(ranges))


def _holds(sign: str, version: str, asked: str) -> bool:
    has, wants = _numbers(version), _numbers(asked)
    size = max(len(has), len(wants))
    return _HOLDS[sign](has + (0,) * (size - len(has)), wants + (0,) * (size - len(wants)))


def _numbers(version: str) -> Version:
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
