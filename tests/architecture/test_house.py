"""What stands at the top of the repository and in its packages."""

import ast
from pathlib import Path

from tests.support.source_tree import from_folder

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


def test_every_production_module_says_what_it_is() -> None:
    silent = [
        module.path
        for module in from_folder(ROOT).values()
        if not module.within("tests") and module.name != "hal" and not ast.get_docstring(module.tree)
    ]
    assert silent == []


def test_no_package_starts_threads_or_opens_files_when_it_is_imported() -> None:
    """A call at a module's top level runs at import: only those that build constants may."""
    harmful = {"open", "print", "input", "exec", "eval"}
    found = [
        f"{module.path}:{node.lineno}"
        for module in from_folder(ROOT).values()
        for statement in module.tree.body
        if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in harmful
    ]
    assert found == []
