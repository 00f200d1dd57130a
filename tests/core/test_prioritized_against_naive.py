"""Prioritised replay draws, weighs and remembers what a dictionary of priorities would."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from allcore.core import StateArray
from allcore.memory import NStepReplayBuffer, PrioritizedReplayBuffer

EPSILON = 1e-6


def states_of(num_envs: int, dones: np.ndarray, lost: np.ndarray) -> list[StateArray]:
    """Steps `[T, E]` of states whose observation says which they are: step * E + environment."""
    states = []
    for step, (done, life_lost) in enumerate(zip(dones, lost, strict=True)):
        numbers = torch.arange(step * num_envs, (step + 1) * num_envs)
        mask = torch.from_numpy(np.where(life_lost & ~done, 0.0, 1.0).astype(np.float32))
        entries = {
            "observation": numbers,
            "reward": numbers.float(),
            "done": torch.from_numpy(done),
            "mask": mask,
        }
        states.append(StateArray(entries, (num_envs,)))
    return states


class Naive:
    """A dictionary of priorities by (row, environment), searched from the front for every draw."""

    def __init__(self, capacity: int, num_envs: int, n_steps: int, alpha: float, beta: float) -> None:
        self.num_envs, self.n_steps, self.alpha, self.beta = num_envs, n_steps, alpha, beta
        self.span = capacity // num_envs
        self.states: list[StateArray] = []
        self.priorities: dict[tuple[int, int], float] = {}
        self.highest = 1.0
        self.drawn: list[tuple[int, int]] = []

    def store(self, state: StateArray) -> None:
        self.states.append(state)
        rows = range(max(0, len(self.states) - 1 - self.span), len(self.states) - 1)
        places = [(row, env) for row in rows for env in range(self.num_envs) if self.complete(row, env)]
        # what is new comes in with the highest priority now, and what gave way goes
        self.priorities = {place: self.priorities.get(place, self.highest) for place in places}

    def complete(self, row: int, env: int) -> bool:
        if self.states[row].done[env]:
            return False
        for after in self.states[row + 1 : row + 1 + self.n_steps]:
            if after.done[env] or after.mask[env] == 0:
                return True
        return row + self.n_steps < len(self.states)

    def sample(self, number: int, generator: torch.Generator) -> tuple[list[int], list[float]]:
        rows = self.span + 1
        places = sorted(self.priorities, key=lambda place: (place[0] % rows, place[1]))
        total = sum(self.priorities.values())
        within = torch.rand(number, dtype=torch.float64, generator=generator).tolist()
        self.drawn = []
        for segment, share in enumerate(within):
            point, end = (segment + share) * total / number, 0.0
            for place in places:
                end += self.priorities[place]
                if point < end:
                    break
            self.drawn.append(place)
        chances = [self.priorities[place] / total for place in self.drawn]
        weights = [(len(places) * chance) ** -self.beta for chance in chances]
        return [row * self.num_envs + env for row, env in self.drawn], [w / max(weights) for w in weights]

    def update(self, errors: list[float]) -> None:
        for place, error in zip(self.drawn, errors, strict=True):
            if place in self.priorities:
                self.priorities[place] = (error + EPSILON) ** self.alpha
                self.highest = max(self.highest, self.priorities[place])


@settings(max_examples=100)
@given(
    seed=st.integers(0, 2**32 - 1),
    num_envs=st.sampled_from([1, 3]),
    n_steps=st.sampled_from([1, 3]),
    ending=st.sampled_from([0.0, 0.1, 0.5]),
    capacity=st.integers(9, 40),
    alpha=st.sampled_from([0.0, 0.6, 1.0]),
    beta=st.sampled_from([0.0, 0.4, 1.0]),
    number=st.integers(2, 60),
    often=st.sampled_from([0.05, 0.5]),
)
def test_it_draws_and_weighs_as_a_naive_buffer_does(
    seed, num_envs, n_steps, ending, capacity, alpha, beta, number, often
):
    rng = np.random.default_rng(seed)
    dones = rng.random((number, num_envs)) < ending
    dones[1:] &= ~dones[:-1]
    states = states_of(num_envs, dones, rng.random((number, num_envs)) < 0.1)

    def make() -> NStepReplayBuffer:
        drawing = torch.Generator().manual_seed(seed)
        inner = PrioritizedReplayBuffer(capacity, alpha, beta, EPSILON, generator=drawing)
        return NStepReplayBuffer(n_steps, 0.9, inner)

    buffer, generator = make(), torch.Generator().manual_seed(seed)
    naive = Naive(capacity, num_envs, n_steps, alpha, beta)
    previous, waiting = None, False
    for state in states:
        buffer.store(previous, None if previous is None else previous.observation, state)
        naive.store(state)
        previous = state
        assert len(buffer) == len(naive.priorities)
        if waiting and rng.random() < 0.5:  # late: some of what was drawn may have given way
            errors = rng.exponential(size=8).astype(np.float32)
            buffer.update_priorities(torch.from_numpy(errors))
            naive.update(errors.astype(np.float64).tolist())
            waiting = False
        if len(buffer) and rng.random() < often:
            found, _, _, _, weights = buffer.sample(8)
            numbers, expected_weights = naive.sample(8, generator)
            assert found.observation.tolist() == numbers
            assert weights.tolist() == pytest.approx(expected_weights, rel=1e-5)
            waiting = True
        if rng.random() < 0.1:
            saved, buffer = copy.deepcopy(buffer.state_dict()), make()
            buffer.load_state_dict(saved)
