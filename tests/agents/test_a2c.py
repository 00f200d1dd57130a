"""A2C: one update by hand over episodes that end in every way, environments of known value, and resuming."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from all_agents.agents import A2C
from allcore.approximation import ActorCritic
from allcore.core import StateArray
from allcore.memory import RolloutBuffer
from allcore.nn import SharedLogStd
from allcore.optim import RMSpropTF
from allcore.policies import GaussianHead, SoftmaxHead
from allcore.seeding import Seeds
from allcore.testing import PROBES, Probe, play

GAMMA, LR, ALPHA, EPS, CLIP = 0.9, 0.05, 0.99, 1e-5, 0.5
VALUE_SCALING, ENTROPY_SCALING = 0.25, 0.02
TICKS, ENVS = 6, 3  # ticks 0 to 6; the last is where the sixth step leads

# Environment 0 terminates at tick 2 and is cut off by a time limit at tick 5; 1 loses a life at tick 3; 2 goes on.
_RANDOM = np.random.default_rng(0)
OBSERVATIONS = _RANDOM.normal(size=(TICKS + 1, ENVS, 2))
REWARDS = _RANDOM.normal(size=(TICKS + 1, ENVS))
DONES = np.zeros((TICKS + 1, ENVS), dtype=bool)
DONES[2, 0] = DONES[5, 0] = True
MASKS = np.ones((TICKS + 1, ENVS))
MASKS[2, 0] = MASKS[3, 1] = 0.0
COUNTS = 1.0 - DONES[:-1]


def _tick(tick: int, observations: np.ndarray = OBSERVATIONS, rewards: np.ndarray = REWARDS) -> StateArray:
    entries = {
        "observation": torch.tensor(observations[tick], dtype=torch.float32),
        "reward": torch.tensor(rewards[tick], dtype=torch.float32),
        "done": torch.tensor(DONES[tick]),
        "mask": torch.tensor(MASKS[tick], dtype=torch.float32),
    }
    return StateArray(entries, (ENVS,))


def _agent(kind: str, **options: Any) -> A2C:
    torch.manual_seed(0)
    value = nn.Linear(2, 1)
    if kind == "discrete":
        model: nn.Module = nn.Linear(2, 3)
        policy: nn.Module = SoftmaxHead(model, Seeds(0).generator("policy"))
    else:
        model = SharedLogStd(nn.Linear(2, 2), torch.tensor([0.1, -0.2]))
        policy = GaussianHead(model, Seeds(0).generator("policy"))
    parameters = [*model.parameters(), *value.parameters()]
    optimizer = RMSpropTF(parameters, lr=LR, alpha=ALPHA, eps=EPS)
    f = ActorCritic(nn.Identity(), policy, value, optimizer, clip_grad=CLIP)
    settings = {"value_loss_scaling": VALUE_SCALING, "entropy_loss_scaling": ENTROPY_SCALING} | options
    return A2C(f, RolloutBuffer(TICKS), discount_factor=GAMMA, **settings)


def _parameters(agent: A2C) -> dict[str, np.ndarray]:
    """Weights and biases of policy and value, by short names, in float64."""
    named = agent.actor_critic.model.named_parameters()
    return {name: parameter.detach().numpy().astype(np.float64) for name, parameter in named}


# ---- the same in NumPy


def _policy_gradients(
    p: dict[str, np.ndarray], x: np.ndarray, actions: np.ndarray, on_log_prob: np.ndarray, on_entropy: float
) -> dict[str, np.ndarray]:
    """Gradients of the sum of `on_log_prob * log_prob + on_entropy * weight * entropy` over rows `[N]`."""
    counts = COUNTS.flatten()
    if "policy.model.weight" in p:
        logits = x @ p["policy.model.weight"].T + p["policy.model.bias"]
        log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        probs = np.exp(log_probs)
        entropies = -(probs * log_probs).sum(axis=1, keepdims=True)
        slopes = on_log_prob[:, None] * (np.eye(3)[actions] - probs)
        slopes -= on_entropy * counts[:, None] * probs * (log_probs + entropies)
        return {"policy.model.weight": slopes.T @ x, "policy.model.bias": slopes.sum(axis=0)}
    means = x @ p["policy.model.model.weight"].T + p["policy.model.model.bias"]
    std = np.exp(p["policy.model.log_std"])
    slopes = on_log_prob[:, None] * (actions - means) / std**2
    log_std = (on_log_prob[:, None] * (((actions - means) / std) ** 2 - 1)).sum(axis=0)
    return {
        "policy.model.log_std": log_std + on_entropy * counts.sum(),
        "policy.model.model.weight": slopes.T @ x,
        "policy.model.model.bias": slopes.sum(axis=0),
    }


def _advantages(values: np.ndarray, lam: float) -> np.ndarray:
    """For every step the discounted sum of errors after it in its own episode and life: `[T, E]`."""
    errors = REWARDS[1:] + GAMMA * MASKS[1:] * values[1:] - values[:-1]
    sums = np.zeros((TICKS, ENVS))
    for tick in range(TICKS):
        for env in range(ENVS):
            for later in range(tick, TICKS):
                sums[tick, env] += (GAMMA * lam) ** (later - tick) * errors[later, env]
                if DONES[later + 1, env] or MASKS[later + 1, env] == 0:
                    break
    return sums


@pytest.mark.parametrize("kind", ["discrete", "box"])
@pytest.mark.parametrize("lam", [1.0, 0.9])
def test_one_update_equals_the_equations(kind: str, lam: float) -> None:
    agent = _agent(kind, lam=lam)
    p = _parameters(agent)
    actions = np.stack([agent.act(_tick(tick)).numpy() for tick in range(TICKS)])
    assert agent.actor_critic.updates == 0
    agent.act(_tick(TICKS))

    values = (OBSERVATIONS @ p["value.weight"].T + p["value.bias"]).squeeze(-1)
    advantages = _advantages(values, lam).flatten()
    shares = COUNTS.flatten() / COUNTS.sum()
    x = OBSERVATIONS[:-1].reshape(-1, 2)
    gradients = _policy_gradients(
        p,
        x,
        actions.reshape(len(x), *actions.shape[2:]),
        -shares * advantages,
        -ENTROPY_SCALING / COUNTS.sum(),
    )
    errors = -2 * VALUE_SCALING * shares * advantages  # returns less values are the advantages
    gradients |= {"value.weight": errors[None] @ x, "value.bias": errors.sum(keepdims=True)}
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    assert norm > CLIP  # or clipping would not be seen
    for name, parameter in agent.actor_critic.model.named_parameters():
        gradient = gradients[name] * CLIP / (norm + 1e-6)  # torch's clip_grad_norm_ adds this
        squares = ALPHA * 1.0 + (1 - ALPHA) * gradient**2
        expected = p[name] - LR * gradient / np.sqrt(squares + EPS)
        assert parameter.detach().numpy() == pytest.approx(expected, abs=1e-5), name
    assert agent.actor_critic.updates == 1


def test_advantages_by_hand() -> None:
    """Up to the end of the episode, of the life or of the rollout, and the value of what was cut off."""
    advantages = _advantages(np.full((TICKS + 1, ENVS), 10.0), 1.0)
    r = REWARDS
    assert advantages[0, 0] == pytest.approx(r[1, 0] + GAMMA * r[2, 0] - 10.0)  # terminated
    assert advantages[3, 0] == pytest.approx(r[4, 0] + GAMMA * r[5, 0] + GAMMA**2 * 10.0 - 10.0)  # time limit
    assert advantages[1, 1] == pytest.approx(r[2, 1] + GAMMA * r[3, 1] - 10.0)  # life lost
    assert advantages[4, 2] == pytest.approx(r[5, 2] + GAMMA * r[6, 2] + GAMMA**2 * 10.0 - 10.0)


@pytest.mark.parametrize("kind", ["discrete", "box"])
def test_what_stands_in_a_row_that_is_no_step_changes_nothing(kind: str) -> None:
    """The observation of a terminal state, what was answered to it, and the reward of the reset that follows."""
    learnt = []
    for garbage in (0.0, 50.0):
        agent = _agent(kind)
        observations, rewards = OBSERVATIONS.copy(), REWARDS.copy()
        observations[2, 0] += garbage
        rewards[3, 0] += garbage
        rewards[6, 0] -= garbage
        for tick in range(TICKS + 1):
            agent.act(_tick(tick, observations, rewards))
        learnt.append(_parameters(agent))
    for name in learnt[0]:
        assert learnt[0][name] == pytest.approx(learnt[1][name], abs=1e-6), name


def test_rollouts_continue_and_the_new_policy_answers_their_last_state() -> None:
    agent = _agent("discrete")
    asked: list[int] = []
    train = agent._train
    agent._train = lambda states: (asked.append(agent.steps), train(states))  # type: ignore[method-assign, assignment, func-returns-value]
    for tick in range(2 * TICKS + 1):
        agent.act(_tick(tick % (TICKS + 1)))
    # No steps are the two rows of ticks 2 and 5, and that of tick 2 the second time round.
    assert asked == [16, 16 + 17]
    assert agent.actor_critic.updates == 2
    assert len(agent.rollout_buffer) == 1


@pytest.mark.parametrize("kind", ["discrete", "box"])
@pytest.mark.parametrize("seen", [0, 4, TICKS, TICKS + 2])
def test_a_resumed_agent_goes_on_as_if_nothing_had_happened(kind: str, seen: int) -> None:
    agent, other = _agent(kind), _agent(kind)
    ticks = [tick % (TICKS + 1) for tick in range(2 * TICKS + 3)]
    for tick in ticks[:seen]:
        agent.act(_tick(tick))
    other.load_state_dict(agent.state_dict())
    for tick in ticks[seen:]:
        assert torch.equal(agent.act(_tick(tick)), other.act(_tick(tick)))
    assert agent.steps == other.steps
    for name, parameter in _parameters(agent).items():
        assert (parameter == _parameters(other)[name]).all()


@pytest.mark.parametrize(("actions", "n_envs"), [("discrete", 1), ("discrete", 4), ("box", 4)])
@pytest.mark.parametrize("kind", PROBES)
def test_it_learns_the_values_and_actions_of_a_probe(kind: type[Probe], actions: str, n_envs: int) -> None:
    torch.manual_seed(0)
    generator, value = Seeds(0).generator("policy"), nn.Linear(3, 1)
    if actions == "discrete":
        model: nn.Module = nn.Linear(3, 2)
        policy: nn.Module = SoftmaxHead(model, generator)
    else:
        model = SharedLogStd(nn.Linear(3, 1), torch.zeros(1))
        policy = GaussianHead(model, generator)
    f = ActorCritic(
        nn.Identity(), policy, value, torch.optim.SGD([*model.parameters(), *value.parameters()], lr=0.15)
    )
    agent = A2C(f, RolloutBuffer(4), discount_factor=0.7, value_loss_scaling=1.0, entropy_loss_scaling=0.0)
    play(agent, kind(actions), 800, n_envs)
    for known in kind(actions).values(0.7):
        distribution, values = f.no_grad(known.state)
        assert values.item() == pytest.approx(known.value, abs=0.2)
        if known.best_action is not None:
            assert distribution.mode().item() == pytest.approx(known.best_action, abs=0.15)
