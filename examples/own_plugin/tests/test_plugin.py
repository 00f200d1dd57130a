"""The plugin keeps its contract, and its environment does what it says."""

import all_corridor.plugin
import pytest
from all_corridor.family import names

from allcore.testing import check_plugin


def test_contract():
    """It loads without a warning, imports nothing heavy, and all that it registers can be imported."""
    check_plugin("corridor", "all_corridor.plugin")


@pytest.mark.parametrize("name", names())
def test_walking_right_arrives(name, allcore_registry):
    registry = allcore_registry({"corridor": all_corridor.plugin})
    env = registry.load(registry.find("environments", "corridor"))(name)
    state = env.reset()
    steps = 0
    while not state.done:
        state = env.step(1)
        steps += 1
    assert name == f"Corridor-{steps}"
    assert (state.reward, state.mask) == (1.0, 0.0)


def test_standing_still_is_cut_off(allcore_registry):
    registry = allcore_registry({"corridor": all_corridor.plugin})
    env = registry.load(registry.find("environments", "corridor"))("Corridor-4")
    env.reset()
    states = [env.step(0) for _ in range(40)]
    assert [state.done for state in states] == [False] * 39 + [True]
    assert states[-1].mask == 1.0  # truncated: there would be more to come
