"""States stay as they were handed out, and an environment that writes to them is found out."""

import pytest
import torch

from allcore.environments import GymEnvironment
from allcore.testing import SideBySide, Staggered, TwoStep, check_states_stay


class Rewriting(TwoStep):
    """Has one tensor for all its observations."""

    observation = torch.zeros(3)

    def reset(self, seed=None):
        return self._again(super().reset(seed))

    def step(self, action):
        return self._again(super().step(action))

    def _again(self, state):
        self._state = state.update("observation", self.observation.copy_(state.observation))
        return self._state


class RewritingRewards(SideBySide):
    """Copies its observations, but not its rewards."""

    rewards = torch.zeros(2)

    def step(self, actions):
        self._states = super().step(actions)
        self._states = self._states.update("reward", self.rewards.copy_(self._states.reward))
        return self._states


@pytest.mark.parametrize("name", ["CartPole-v1", "Pendulum-v1"])
def test_those_of_gymnasium_s_environments_stay(name):
    env = GymEnvironment(name)
    check_states_stay(env)
    vector = env.duplicate(2)
    check_states_stay(vector)
    vector.close()
    env.close()


def test_those_of_our_own_environments_for_tests_stay():
    check_states_stay(Staggered())
    check_states_stay(Staggered().duplicate(2))


@pytest.mark.parametrize(
    ("env", "entry"),
    [(Rewriting(), "observation"), (RewritingRewards([TwoStep(), TwoStep()]), "reward")],
)
def test_a_tensor_written_to_again_is_found(env, entry):
    with pytest.raises(AssertionError, match=f"wrote to the entry '{entry}' of state"):
        check_states_stay(env, ticks=4)
