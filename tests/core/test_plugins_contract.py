"""Every installed plugin, ours and others', keeps the contract that we ask of plugin authors."""

import pytest

from allcore.plugins import discovery
from allcore.testing import check_plugin

NAMESPACES = [announcement.namespace for announcement in discovery.installed()[0]]


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_contract(namespace):
    check_plugin(namespace)


def test_our_plugins_are_here():
    """An empty list would pass the test above."""
    assert {"agents", "atari", "classic", "core", "mujoco", "slurm"} <= set(NAMESPACES)
