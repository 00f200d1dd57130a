"""Packages that import what they hand on only when somebody asks."""

import importlib
import sys

import pytest


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that hands on `thing` from a module of that name, `Other` from another one, and a module."""
    folder = tmp_path / "lazy_package"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from allcore._lazy import attach\n"
        "__getattr__, __dir__, __all__ = attach(\n"
        "    __name__, {'thing': '.thing', 'Other': 'lazy_package.others', 'others': '.others', 'Gone': '.gone'}\n"
        ")\n"
    )
    (folder / "thing.py").write_text("thing = 'the object'\n")
    (folder / "others.py").write_text("class Other: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("lazy_package")
    for name in [name for name in sys.modules if name.startswith("lazy_package")]:
        del sys.modules[name]


def test_nothing_is_imported_beforehand(package):
    assert not any(name.startswith("lazy_package.") for name in sys.modules)
    assert package.Other.__name__ == "Other"
    assert "lazy_package.others" in sys.modules
    assert "lazy_package.thing" not in sys.modules


def test_a_module_can_be_handed_on(package):
    assert package.others.__name__ == "lazy_package.others"


def test_an_object_keeps_its_place_when_the_module_of_its_name_is_imported(package):
    importlib.import_module("lazy_package.thing")
    assert package.thing == "the object"


def test_all_names_are_listed(package):
    assert package.__all__ == ["Gone", "Other", "others", "thing"]
    assert set(package.__all__) <= set(dir(package))


def test_an_unknown_name_is_an_attribute_error(package):
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        package.nothing  # noqa: B018


def test_a_missing_module_is_not_hidden(package):
    with pytest.raises(ModuleNotFoundError, match=r"lazy_package\.gone"):
        package.Gone  # noqa: B018
