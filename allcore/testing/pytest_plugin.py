"""Fixtures for the tests of plugins. pytest loads this module by itself where allcore is installed.

It imports nothing of allcore before a fixture is used: pytest loads it in every project of the environment, and
before a coverage measurement starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from allcore.plugins import Registry


@pytest.fixture
def allcore_registry() -> Iterator[Callable[[Mapping[str, object]], Registry]]:
    """Make a registry that holds the core's own plugin and the given ones, and nothing that is installed.

    It is strict: whatever is wrong with a plugin is an error. Until the test ends it is also what
    `allcore.plugins.registry()` returns.

        def test_my_logger(allcore_registry):
            registry = allcore_registry({"robot": all_robot.plugin})
            entry = registry.find("loggers", "robot.diary")

    Yields:
        A function that takes the plugins, by namespace: modules, or objects with hooks as attributes.
    """
    import contextlib

    from allcore import builtin
    from allcore.plugins import Registry, Switches, discovery, using

    with contextlib.ExitStack() as stack:

        def make(plugins: Mapping[str, object]) -> Registry:
            modules = {"core": builtin, **plugins}
            announcements = [discovery.from_module(name, module) for name, module in modules.items()]
            return stack.enter_context(using(Registry(announcements, switches=Switches(strict=True))))

        yield make
