"""A systemd unit as data: what it says, and what a manager does by it when the daemon ends."""

import signal
from dataclasses import dataclass
from importlib import resources
from typing import Final, Self

PACKAGED: Final = "systemd/cartower@.service"

MULTIPLE: Final = frozenset(
    {"After", "Wants", "DeviceAllow", "SystemCallFilter", "IPAddressAllow", "RestrictAddressFamilies"}
)
"""Settings that may stand more than once: each adds to the others."""


class BadUnit(ValueError):
    """A file that a manager would not read as it is meant."""


@dataclass(frozen=True)
class UnitFile:
    """``settings`` by section and name, values in the order of their lines."""

    settings: dict[str, dict[str, tuple[str, ...]]]

    @classmethod
    def packaged(cls) -> Self:
        return cls.parse(resources.files("config").joinpath(PACKAGED).read_text("utf-8"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a unit.

        Raises:
            BadUnit: a line outside a section, one that is no setting, or a setting twice that counts once.

        """
        found: dict[str, dict[str, tuple[str, ...]]] = {}
        section: dict[str, tuple[str, ...]] | None = None
        for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
            if not line or line.startswith(("#", ";")):
                continue
            if line.startswith("[") and line.endswith("]"):
                section = found.setdefault(line[1:-1], {})
                continue
            name, equals, value = line.partition("=")
            if section is None or not equals or not name.isalnum():
                raise BadUnit(f"line {number}: {line}")
            if name in section and name not in MULTIPLE:
                raise BadUnit(f"line {number}: {name} once more")
            section[name] = (*section.get(name, ()), value)
        return cls(found)

    def one(self, name: str, section: str = "Service") -> str:
        """Return a setting that stands once."""
        (value,) = self.settings[section][name]
        return value

    def words(self, name: str) -> list[str]:
        """Return the words of a setting, of all its lines."""
        return " ".join(self.settings["Service"].get(name, ())).split()

    def restarts(self, code: int) -> bool:
        """Whether a manager starts it again by itself, behind an end with ``code`` (negative: by a signal).

        Raises:
            BadUnit: its Restart= is one that this does not know.

        """
        prevented = set(self.words("RestartPreventExitStatus"))
        if str(code) in prevented or (code < 0 and signal.Signals(-code).name in prevented):
            return False
        match self.one("Restart"):
            case "always":
                return True
            case "on-failure":
                return code not in (0, -signal.SIGHUP, -signal.SIGINT, -signal.SIGTERM, -signal.SIGPIPE)
            case other:
                raise BadUnit(f"Restart={other}")
