"""Packages that hand on names without importing the modules behind them (PEP 562)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType


class _LazyPackage(ModuleType):
    """A package in which a handed-on object keeps its place when a module of the same name is imported.

    `import presets.dqn` makes Python set `presets.dqn` to that module. Where the package hands on an object
    `dqn` from there, `from presets import dqn` would then give the object or the module, depending on who
    imported what before.
    """

    def __setattr__(self, name: str, value: object) -> None:
        is_own_module = isinstance(value, ModuleType) and value.__name__ == f"{self.__name__}.{name}"
        if is_own_module and name in self.__dict__.get("__all__", ()) and hasattr(value, name):
            return
        super().__setattr__(name, value)


def attach(
    package_name: str, names: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Make a package whose public names are imported when they are first used.

    In a package's `__init__.py`:

        from allcore._lazy import attach

        __getattr__, __dir__, __all__ = attach(__name__, {"State": "allcore.state"})

    `from package import State` then imports `allcore.state`, and `import package` alone imports nothing.

    Args:
        package_name: The package's `__name__`.
        names: Each public name and the module that defines it. A module name with a leading dot is taken
            relative to the package. Where the module is called like the name and has no such attribute, the
            module itself is handed on.

    Returns:
        The package's `__getattr__`, `__dir__` and `__all__`.
    """
    package = sys.modules[package_name]
    package.__class__ = _LazyPackage

    def __getattr__(name: str) -> object:  # noqa: N807
        if name not in names:
            raise AttributeError(f"module {package_name!r} has no attribute {name!r}")
        module = importlib.import_module(names[name], package_name)
        is_module = name == module.__name__.rpartition(".")[2] and not hasattr(module, name)
        value = module if is_module else getattr(module, name)
        # Kept, so that the next look-up is an ordinary one.
        setattr(package, name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807
        return sorted({*vars(package), *names})

    return __getattr__, __dir__, sorted(names)
