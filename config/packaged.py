"""The towers, profiles, scenarios and demands that come with the package, by bare name."""

from importlib import resources
from pathlib import Path

from config.faults import ConfigError, Fault, did_you_mean


def packaged(kind: str) -> dict[str, Path]:
    """Return the packaged files of a kind (``towers``, ``profiles``, ``scenarios``, ``demands``) by bare name."""
    folder = Path(str(resources.files("config"))) / kind
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def find(path: Path | str, kind: str) -> Path:
    """Return the file that a path or a packaged bare name means.

    Raises:
        ConfigError: a bare name that is not packaged.

    """
    path = Path(path)
    if path.suffix or len(path.parts) != 1:
        return path
    known = packaged(kind)
    if path.name not in known:
        message = f"no such packaged name among {kind}{did_you_mean(path.name, list(known))}"
        raise ConfigError([Fault(path.name, 0, 0, "", "", message, ", ".join(known), "unknown-name")])
    return known[path.name]
