"""Rainbow: one update by hand with noise, who draws noise when, what it learns in probes, and going on after loading."""

from __future__ import annotations

import copy
import difflib
import inspect

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor, nn

from all_agents.agents import C51, Rainbow
from allcore.approximation import FixedTarget, QDist
from allcore.core import State
from allcore.memory import NStepReplayBuffer, PrioritizedReplayBuffer
from allcore.nn import CategoricalDueling, NoisyFactorizedLinear
from allcore.policies import GreedyPolicy
from allcore.seeding import Seeds
from allcore.testing import OneMinibatch, play
from allcore.testing.probes import PROBES, ObservationAndActionDependent, Probe, Staggered

# Letters: N minibatch, A = 2 actions, K atoms, I inputs, O outputs.

Noise = tuple[np.ndarray, np.ndarray]


def _agent(
    model: nn.Module, n_atoms: int, v_min: float, v_max: float, *, lr: float = 0.1, **options: object
) -> Rainbow:
    seeds = Seeds(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    q_dist = QDist(model, optimizer, 2, n_atoms, v_min, v_max, target=FixedTarget(5))
    defaults = {"discount_factor": 0.5, "minibatch_size": 32, "replay_start_size": 20, "update_frequency": 1}
    return Rainbow(
        q_dist,
        GreedyPolicy(q_dist, 2, epsilon=0.0, generator=seeds.generator("policy")),
        NStepReplayBuffer(
            3, 0.5, PrioritizedReplayBuffer(1000, 0.5, beta=0.4, generator=seeds.generator("replay"))
        ),
        **(defaults | options),
    )


def _noisy(layers: nn.Module) -> list[NoisyFactorizedLinear]:
    return [layer for layer in layers.modules() if isinstance(layer, NoisyFactorizedLinear)]


def _target(agent: Rainbow) -> nn.Module:
    return agent.q_dist._target._target  # type: ignore[attr-defined]


class Layer:
    """A noisy layer in NumPy: means and sigmas of weights `[O, I]` and biases `[O]`."""

    def __init__(self, rng: np.random.Generator, n_in: int, n_out: int) -> None:
        self.weight, self.weight_sigma = rng.normal(size=(2, n_out, n_in))
        self.bias, self.bias_sigma = rng.normal(size=(2, n_out))

    def __call__(self, x: np.ndarray, noise: Noise) -> np.ndarray:
        noise_in, noise_out = noise
        weight = self.weight + self.weight_sigma * np.outer(noise_out, noise_in)
        return x @ weight.T + self.bias + self.bias_sigma * noise_out

    def write_to(self, layer: nn.Module, draws: list[Noise]) -> None:
        """Give `layer` these parameters, and let it draw the noise `draws` and no more."""
        with torch.no_grad():
            for name, parameter in layer.named_parameters():
                parameter.copy_(torch.from_numpy(getattr(self, name)))
        waiting = [tuple(torch.from_numpy(part).float() for part in noise) for noise in draws]
        layer._draw = lambda: waiting.pop(0)  # type: ignore[assignment]


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _projected(reward: float, discount: float, probabilities: np.ndarray, atoms: np.ndarray) -> np.ndarray:
    mass = np.zeros_like(atoms)
    for probability, atom in zip(probabilities, atoms, strict=True):
        b = (np.clip(reward + discount * atom, atoms[0], atoms[-1]) - atoms[0]) / (atoms[1] - atoms[0])
        low = min(int(b), len(atoms) - 2)
        mass[low] += probability * (low + 1 - b)
        mass[low + 1] += probability * (b - low)
    return mass


def test_one_update_equals_the_equations() -> None:
    """Weights, windows of one to three steps, a terminal row, and noise of its own for each of the three answers."""
    rng = np.random.default_rng(0)
    atoms, n, k, i = np.linspace(-2.0, 2.0, 5), 6, 5, 3
    online, target = Layer(rng, i, 2 * k), Layer(rng, i, 2 * k)
    predicting, choosing, valuing = ((rng.normal(size=i), rng.normal(size=2 * k)) for _ in range(3))
    model = NoisyFactorizedLinear(i, 2 * k)
    agent = _agent(model, k, -2.0, 2.0, replay_start_size=-1)
    online.write_to(model, [predicting, choosing])
    target.write_to(_noisy(_target(agent))[0], [valuing])
    x, y, rows = rng.normal(size=(n, i)), rng.normal(size=(n, i)), np.arange(n)
    actions = np.array([0, 1, 1, 0, 1, 0])
    rewards = np.array([1.0, 0.3, 0.0, -1.3, 0.7, 5.0])
    masks = np.array([1.0, 1.0, 1.0, 0.0, 1.0, 1.0])
    steps, weights = np.array([1.0, 3.0, 3.0, 2.0, 3.0, 1.0]), np.array([1.0, 0.5, 0.25, 0.8, 0.1, 0.6])
    agent.replay_buffer = OneMinibatch(x, actions, rewards, y, masks=masks, steps=steps, weights=weights)
    agent._train()

    predicted = _softmax(online(x, predicting).reshape(n, 2, k))[rows, actions]
    best = (_softmax(online(y, choosing).reshape(n, 2, k)) @ atoms).argmax(axis=1)
    following = _softmax(target(y, valuing).reshape(n, 2, k))
    # Neither the target network nor the noise of the prediction would have chosen the same.
    assert (best != (following @ atoms).argmax(axis=1)).any()
    assert (best != (_softmax(online(y, predicting).reshape(n, 2, k)) @ atoms).argmax(axis=1)).any()
    discounts = 0.5**steps * masks
    targets = np.array([_projected(rewards[r], discounts[r], following[r, best[r]], atoms) for r in rows])
    slope = np.zeros((n, 2, k))
    slope[rows, actions] = weights[:, None] * (predicted - targets) / n
    slope = slope.reshape(n, 2 * k)
    noise_in, noise_out = predicting
    expected = {
        "weight": online.weight - 0.1 * slope.T @ x,
        "weight_sigma": online.weight_sigma - 0.1 * (slope * noise_out).T @ (x * noise_in),
        "bias": online.bias - 0.1 * slope.sum(axis=0),
        "bias_sigma": online.bias_sigma - 0.1 * (slope * noise_out).sum(axis=0),
    }
    for name, parameter in model.named_parameters():
        assert parameter.detach().numpy() == pytest.approx(expected[name], abs=1e-5), name
    (priorities,) = agent.replay_buffer.priorities
    terms = np.where(targets > 0, targets * np.log(np.maximum(targets, 1e-300) / predicted), 0.0)
    assert priorities.numpy() == pytest.approx(terms.sum(axis=1), abs=1e-5)
    assert (priorities >= 0).all()
    assert not priorities.requires_grad


@pytest.mark.parametrize("steps", [1.0, 3.0])
def test_a_terminal_return_is_the_reward_even_if_no_atom_is_at_zero(steps: float) -> None:
    """Atoms 1, 2 and 3, all as probable: from there to certainty it is log 3."""
    model = nn.Linear(1, 6)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    agent = _agent(model, 3, 1.0, 3.0, replay_start_size=-1)
    agent.replay_buffer = OneMinibatch([[1.0]], [0], [2.0], [[1.0]], masks=[0.0], steps=[steps])
    agent._train()
    assert agent.replay_buffer.priorities[0].tolist() == pytest.approx([np.log(3.0)], abs=1e-5)
    assert model.bias.tolist() == pytest.approx([-1 / 30, 2 / 30, -1 / 30, 0, 0, 0], abs=1e-5)


@settings(max_examples=30)
@given(st.floats(-3.0, 3.0), st.floats(0.0, 1.0), st.lists(st.floats(-40.0, 40.0), min_size=6, max_size=6))
def test_priorities_are_never_negative(reward: float, mask: float, logits: list[float]) -> None:
    """Not even by rounding: a power of a negative number would be no number at all."""
    model = nn.Linear(1, 6)
    with torch.no_grad():
        model.weight.zero_()
        model.bias.copy_(torch.tensor(logits))
    agent = _agent(model, 3, -1.0, 1.0, discount_factor=1.0, replay_start_size=-1)
    agent.q_dist._target.refresh(5)
    agent.replay_buffer = OneMinibatch([[1.0]] * 2, [0, 1], [reward, 0.0], [[1.0]] * 2, masks=[mask, 1.0])
    agent._train()
    assert (agent.replay_buffer.priorities[0] >= 0).all()


def test_around_the_update_it_is_c51() -> None:
    """Line by line: the two agents differ in `_update` and in when they begin, and nowhere else."""
    ours, theirs = (
        inspect.getsource(kind)
        .replace(inspect.getsource(kind._update), "")
        .split('"""', 2)[2]
        .replace("Rainbow", "C51")
        .splitlines()
        for kind in (Rainbow, C51)
    )
    changes = [line for line in difflib.ndiff(theirs, ours) if line[0] in "+-"]
    assert [line.split(":")[0].strip("+- ") for line in changes] == [
        *["replay_start_size"] * 2,
        *["policy"] * 2,
    ]


def _count_draws(layers: list[NoisyFactorizedLinear]) -> list[Tensor]:
    """The noise that the layers draw from now on."""
    seen: list[Tensor] = []
    for layer in layers:

        def draw(layer: NoisyFactorizedLinear = layer) -> tuple[Tensor, Tensor]:
            noise = NoisyFactorizedLinear._draw(layer)
            seen.append(torch.cat(noise))
            return noise

        layer._draw = draw  # type: ignore[method-assign]
    return seen


@pytest.mark.parametrize("n_envs", [None, 3])
def test_each_answer_has_noise_of_its_own(n_envs: int | None) -> None:
    """One draw for each action in the environments; in an update two of the online network and one of the target."""
    agent = _agent(NoisyFactorizedLinear(3, 6), 3, -1.0, 1.0, replay_start_size=10**9)
    online, target = _count_draws(_noisy(agent.q_dist.model)), _count_draws(_noisy(_target(agent)))
    play(agent, Staggered(), 20, n_envs)
    assert (len(online), len(target)) == (20, 0)
    agent.replay_buffer = OneMinibatch([[1.0, 0.0, 0.0]], [0], [0.5], [[1.0, 0.0, 0.0]])
    agent.replay_start_size = -1
    agent._train()
    assert (len(online), len(target)) == (22, 1)
    assert len({tuple(noise.tolist()) for noise in [*online, *target]}) == 23


def test_evaluation_has_no_noise() -> None:
    agent = _agent(NoisyFactorizedLinear(3, 6), 3, -1.0, 1.0)
    seen = _count_draws(_noisy(agent.q_dist.model))
    agent.policy.eval(State({"observation": torch.ones(3)}))
    assert seen == []
    agent.policy.no_grad(State({"observation": torch.ones(3)}))
    assert len(seen) == 1


@pytest.mark.parametrize(("probe", "n_envs"), [*((probe, None) for probe in PROBES), (Staggered, 3)])
def test_it_learns_what_is_known(probe: type[Probe], n_envs: int | None) -> None:
    torch.manual_seed(0)
    agent = _agent(NoisyFactorizedLinear(3, 14), 7, -3.0, 3.0, lr=2.0)
    play(agent, probe(), 900 // (n_envs or 1), n_envs)
    for known in probe().values(0.5):
        with agent.q_dist.evaluating():
            values = agent.q_dist.action_values(known.state)
        # What it has stopped doing, it does not value rightly: it is greedy but for the noise.
        assert values.max().item() == pytest.approx(known.value, abs=0.05), known
        assert known.best_action in (None, values.argmax().item())


def test_it_learns_with_a_dueling_network() -> None:
    torch.manual_seed(0)
    model = CategoricalDueling(NoisyFactorizedLinear(3, 7), NoisyFactorizedLinear(3, 14))
    agent = play(_agent(model, 7, -3.0, 3.0, lr=2.0), ObservationAndActionDependent(), 600)
    for known in ObservationAndActionDependent().values(0.5):
        assert agent.policy.eval(known.state).item() == known.best_action


@pytest.mark.parametrize("n_envs", [None, 3])
def test_an_agent_that_was_loaded_goes_on_as_the_saved_one(n_envs: int | None) -> None:
    """Noise included: every layer's generator is saved with its weights, the target network's, too."""
    torch.manual_seed(0)
    agent = _agent(NoisyFactorizedLinear(3, 14), 7, -3.0, 3.0)
    env = Staggered() if n_envs is None else Staggered().duplicate(n_envs)
    state = env.reset(seed=0)
    for _ in range(40):
        state = env.step(agent.act(state))
    other = _agent(NoisyFactorizedLinear(3, 14), 7, -3.0, 3.0)
    other.load_state_dict(copy.deepcopy(agent.state_dict()))
    for _ in range(40):
        action = agent.act(state)
        assert torch.equal(action, other.act(state))
        state = env.step(action)
    for name, weight in agent.q_dist.model.state_dict().items():
        assert torch.equal(weight, other.q_dist.model.state_dict()[name])
