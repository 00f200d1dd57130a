"""One way to call the program in all tests: in this process, with what it prints and its exit code."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from allcore.plugins import hookimpl, reset


@pytest.fixture
def run_all():
    """Call `all` with these arguments; the result has `exit_code`, `stdout` and `stderr`."""
    from allcore.cli import main

    def call(*arguments):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return call


@pytest.fixture
def make_plugin():
    """Make a plugin in memory: `make_plugin(all_agents=[AgentRecord(...)])`."""

    def make(**records):
        hooks = {name: hookimpl(lambda found=found: found) for name, found in records.items()}
        for name, hook in hooks.items():
            hook.__name__ = name
        return SimpleNamespace(**hooks)

    return make


@pytest.fixture
def fresh_registry():
    """Forget the registry of this process before and after a test that gives --plugin or --no-plugins."""
    reset()
    yield
    reset()


@pytest.fixture(autouse=True)
def _no_log_handlers():
    """A command that collects the registry's warnings must put back what it changed."""
    logger = logging.getLogger("allcore.plugins")
    before = list(logger.handlers)
    yield
    assert logger.handlers == before
