"""What stands at the top of the repository and in its packages."""

from pathlib import Path

ROOT = Path(__file__).parents[2]

TOP = {
    *("controller", "hal", "sim_plc", "config", "tests"),
    *("pyproject.toml", "README.md", "Makefile", "LICENSE", "CHANGELOG.md"),
}
MADE = {"build", "dist", "__pycache__"}
"""What builds and runs leave behind; never in the repository."""


def test_the_top_of_the_house_is_fixed() -> None:
    names = {entry.name for entry in ROOT.iterdir() if not entry.name.startswith(".")}
    extras = {name for name in names - TOP - MADE if not name.endswith(".egg-info")}
    assert extras == set()


def test_the_package_of_the_hardware_layer_is_empty() -> None:
    assert (ROOT / "hal" / "__init__.py").read_text("utf-8").strip() == ""
