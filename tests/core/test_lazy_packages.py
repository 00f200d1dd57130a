"""Packages that hand on names lazily: every name exists, and type checkers are told the same names."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(
    path
    for folder in [ROOT / "allcore", *ROOT.glob("plugins/*/all_*")]
    for path in folder.rglob("__init__.py")
    if " = attach(" in path.read_text()
)


def _name(path):
    """The import name of the package with this `__init__.py`."""
    top = ROOT if path.is_relative_to(ROOT / "allcore") else ROOT.joinpath(*path.relative_to(ROOT).parts[:2])
    return ".".join(path.parent.relative_to(top).parts)


def _attached(tree):
    """The names handed to `attach`."""
    (call,) = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_attach(node))
    return set(ast.literal_eval(call.args[1]))


def _is_attach(call):
    return isinstance(call.func, ast.Name) and call.func.id == "attach"


def _typed(tree):
    """The names imported below `if TYPE_CHECKING:`."""
    blocks = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname for node in imports for alias in node.names}


def test_packages_are_found():
    assert "allcore.core" in map(_name, PACKAGES)


@pytest.mark.parametrize("path", PACKAGES, ids=_name)
class TestEveryLazyPackage:
    def test_type_checkers_know_the_same_names(self, path):
        """Write `from package.module import Name as Name` below `if TYPE_CHECKING:` for each of them."""
        tree = ast.parse(path.read_text())
        assert _typed(tree) == _attached(tree)

    def test_every_name_can_be_imported(self, path):
        package = importlib.import_module(_name(path))
        for name in package.__all__:
            getattr(package, name)
