"""Random actions: bounds, units, and where they go on after loading."""

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from allcore.core import State, StateArray
from allcore.errors import UsageError
from allcore.policies import RandomActions

SPACE = Box(np.array([-1.0, 0.0], np.float32), np.array([3.0, 10.0], np.float32))


def _random(seed=0):
    return RandomActions(SPACE, torch.Generator().manual_seed(seed))


def _states(n):
    return StateArray({"observation": torch.zeros(n, 1)}, (n,))


def test_uniform_actions_fill_the_bounds():
    actions = _random().uniform(_states(20_000))
    assert actions.shape == (20_000, 2)
    # Mean and standard deviation of a uniform distribution on [-1, 3] and [0, 10].
    assert actions.mean(0).tolist() == pytest.approx([1.0, 5.0], abs=0.1)
    assert actions.std(0).tolist() == pytest.approx([4 / 12**0.5, 10 / 12**0.5], abs=0.05)
    assert ((actions >= torch.tensor(SPACE.low)) & (actions <= torch.tensor(SPACE.high))).all()
    assert _random().uniform(State({"observation": torch.zeros(1)})).shape == (2,)


def test_noise_is_in_units_of_half_the_distance_of_the_bounds():
    center = torch.tensor([1.0, 5.0]).expand(20_000, 2)
    actions = _random().around(center, 0.1)
    assert actions.mean(0).tolist() == pytest.approx([1.0, 5.0], abs=0.02)
    assert actions.std(0).tolist() == pytest.approx([0.2, 0.5], rel=0.03)


def test_noisy_actions_are_clipped_to_the_bounds():
    actions = _random().around(torch.tensor([3.0, 0.0]).expand(100, 2), 0.5)
    assert actions[:, 0].max() == 3.0
    assert actions[:, 1].min() == 0.0
    assert actions[:, 0].min() < 2.5


def test_the_noise_itself_can_be_clipped():
    actions = _random().around(torch.tensor([1.0, 5.0]).expand(500, 2), 1.0, at_most=0.25)
    moved = (actions - torch.tensor([1.0, 5.0])).abs()
    assert moved.amax(0).tolist() == pytest.approx([0.5, 1.25])
    assert _random().around(torch.zeros(2), 0.0).tolist() == [0.0, 0.0]


def test_it_goes_on_where_it_stood():
    one, two, state = _random(1), _random(2), State({"observation": torch.zeros(1)})
    one.uniform(state)
    two.load_state_dict(one.state_dict())
    assert torch.equal(one.uniform(state), two.uniform(state))
    assert torch.equal(one.around(torch.zeros(2), 0.1), two.around(torch.zeros(2), 0.1))


def test_bounds_must_be_finite():
    with pytest.raises(UsageError, match="no finite bounds"):
        RandomActions(Box(-np.inf, 1.0, (2,)), torch.Generator())


def test_nothing_is_drawn_from_the_global_generator():
    before = torch.random.get_rng_state()
    _random().uniform(_states(3))
    _random().around(torch.zeros(2), 0.1)
    assert torch.equal(before, torch.random.get_rng_state())
