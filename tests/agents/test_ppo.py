"""PPO: one whole update by hand, each of its options, environments of known value, and resuming."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from all_agents.agents import PPO
from allcore.approximation import ActorCritic
from allcore.core import StateArray
from allcore.logging import Logger
from allcore.memory import RolloutBuffer, explained_variance
from allcore.nn import SharedLogStd
from allcore.optim import Linear, Schedule
from allcore.policies import GaussianHead, SoftmaxHead
from allcore.seeding import Seeds
from allcore.testing import PROBES, Probe, play

GAMMA, LAM, LR, EPS, CLIP_GRAD = 0.9, 0.8, 0.03, 1e-5, 0.5
VALUE_SCALING, ENTROPY_SCALING = 0.25, 0.02
EPOCHS, MINIBATCHES = 3, 2
TICKS, ENVS = 6, 4  # ticks 0 to 6; the last is where the sixth step leads

# Environment 0 terminates at tick 2 and is cut off by a time limit at tick 5; 1 loses a life at tick 3; others go on.
_RANDOM = np.random.default_rng(0)
OBSERVATIONS = _RANDOM.normal(size=(TICKS + 1, ENVS, 2))
REWARDS = _RANDOM.normal(size=(TICKS + 1, ENVS))
DONES = np.zeros((TICKS + 1, ENVS), dtype=bool)
DONES[2, 0] = DONES[5, 0] = True
MASKS = np.ones((TICKS + 1, ENVS))
MASKS[2, 0] = MASKS[3, 1] = 0.0
WEIGHTS = (1.0 - DONES[:-1]).flatten()
X = OBSERVATIONS[:-1].reshape(-1, 2)

Arrays = dict[str, np.ndarray]


def _tick(tick: int, observations: np.ndarray = OBSERVATIONS, rewards: np.ndarray = REWARDS) -> StateArray:
    entries = {
        "observation": torch.tensor(observations[tick], dtype=torch.float32),
        "reward": torch.tensor(rewards[tick], dtype=torch.float32),
        "done": torch.tensor(DONES[tick]),
        "mask": torch.tensor(MASKS[tick], dtype=torch.float32),
    }
    return StateArray(entries, (ENVS,))


def _agent(kind: str, schedule: Schedule | None = None, **options: Any) -> PPO:
    torch.manual_seed(0)
    value = nn.Linear(2, 1)
    if kind == "discrete":
        model: nn.Module = nn.Linear(2, 3)
        policy: nn.Module = SoftmaxHead(model, Seeds(0).generator("policy"))
    else:
        model = SharedLogStd(nn.Linear(2, 2), torch.tensor([0.1, -0.2]))
        policy = GaussianHead(model, Seeds(0).generator("policy"))
    optimizer = torch.optim.Adam([*model.parameters(), *value.parameters()], lr=LR, eps=EPS)
    f = ActorCritic(
        nn.Identity(), policy, value, optimizer, clip_grad=CLIP_GRAD, learning_rate_schedule=schedule
    )
    settings = {
        "discount_factor": GAMMA,
        "lam": LAM,
        "n_epochs": EPOCHS,
        "n_minibatches": MINIBATCHES,
        "value_loss_scaling": VALUE_SCALING,
        "entropy_loss_scaling": ENTROPY_SCALING,
        "generator": Seeds(0).generator("minibatches"),
    }
    return PPO(f, RolloutBuffer(TICKS), **(settings | options))


def _parameters(agent: PPO) -> Arrays:
    named = agent.actor_critic.model.named_parameters()
    return {name: parameter.detach().numpy().astype(np.float64) for name, parameter in named}


# ---- the same in NumPy


def _log_probs(p: Arrays, x: np.ndarray, actions: np.ndarray) -> np.ndarray:
    if "policy.model.weight" in p:
        logits = x @ p["policy.model.weight"].T + p["policy.model.bias"]
        return (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))[np.arange(len(x)), actions]
    means = x @ p["policy.model.model.weight"].T + p["policy.model.model.bias"]
    log_std = p["policy.model.log_std"]
    scaled = (actions - means) / np.exp(log_std)
    return (-0.5 * scaled**2 - log_std - 0.5 * np.log(2 * np.pi)).sum(axis=1)


def _policy_gradients(
    p: Arrays, x: np.ndarray, actions: np.ndarray, on_log_prob: np.ndarray, on_entropy: np.ndarray
) -> Arrays:
    """Gradients of the sum over rows `[N]` of `on_log_prob * log_prob + on_entropy * entropy`."""
    if "policy.model.weight" in p:
        logits = x @ p["policy.model.weight"].T + p["policy.model.bias"]
        log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        probs = np.exp(log_probs)
        entropies = -(probs * log_probs).sum(axis=1, keepdims=True)
        slopes = on_log_prob[:, None] * (np.eye(3)[actions] - probs)
        slopes -= on_entropy[:, None] * probs * (log_probs + entropies)
        return {"policy.model.weight": slopes.T @ x, "policy.model.bias": slopes.sum(axis=0)}
    means = x @ p["policy.model.model.weight"].T + p["policy.model.model.bias"]
    std = np.exp(p["policy.model.log_std"])
    slopes = on_log_prob[:, None] * (actions - means) / std**2
    log_std = (on_log_prob[:, None] * (((actions - means) / std) ** 2 - 1)).sum(axis=0)
    return {
        "policy.model.log_std": log_std + on_entropy.sum(),
        "policy.model.model.weight": slopes.T @ x,
        "policy.model.model.bias": slopes.sum(axis=0),
    }


class Adam:
    """Adam with gradients clipped by their joint norm."""

    def __init__(self, p: Arrays, schedule: Any) -> None:
        self.m, self.v = ({name: np.zeros_like(value) for name, value in p.items()} for _ in range(2))
        self.updates, self.schedule = 0, schedule

    def step(self, p: Arrays, gradients: Arrays) -> Arrays:
        norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
        lr = LR * self.schedule(self.updates)
        self.updates += 1
        new = {}
        for name, value in p.items():
            gradient = gradients[name] * min(1.0, CLIP_GRAD / (norm + 1e-6))
            self.m[name] = 0.9 * self.m[name] + 0.1 * gradient
            self.v[name] = 0.999 * self.v[name] + 0.001 * gradient**2
            m, v = self.m[name] / (1 - 0.9**self.updates), self.v[name] / (1 - 0.999**self.updates)
            new[name] = value - lr * m / (np.sqrt(v) + EPS)
        return new


def _advantages(values: np.ndarray) -> np.ndarray:
    """For every step the discounted sum of errors after it in its own episode and life: `[T, E]`."""
    errors = REWARDS[1:] + GAMMA * MASKS[1:] * values[1:] - values[:-1]
    sums = np.zeros((TICKS, ENVS))
    for tick in range(TICKS):
        for env in range(ENVS):
            for later in range(tick, TICKS):
                sums[tick, env] += (GAMMA * LAM) ** (later - tick) * errors[later, env]
                if DONES[later + 1, env] or MASKS[later + 1, env] == 0:
                    break
    return sums


class ByHand:
    """PPO in NumPy, one rollout of linear policy and values."""

    def __init__(
        self, p: Arrays, *, clip: float, schedule: Any = lambda updates: 1.0, **options: bool
    ) -> None:
        self.p, self.clip, self.adam = p, clip, Adam(p, schedule)
        self.normalize = options.get("normalize_advantages", True)
        self.clip_values = options.get("clip_values", False)
        self.recompute = options.get("recompute_advantages", False)
        self.beyond = {"ratios": 0, "values": 0}  # rows that clipping has changed
        self.kl: list[float] = []  # of the minibatches

    def learn(self, actions: np.ndarray, epochs: int = EPOCHS) -> Arrays:
        order = Seeds(0).generator("minibatches")
        old = _log_probs(self.p, X, actions)
        for epoch in range(epochs):
            if epoch == 0 or self.recompute:
                values = (OBSERVATIONS @ self.p["value.weight"].T + self.p["value.bias"]).squeeze(-1)
                advantages = _advantages(values)
                returns = (advantages + values[:-1]).flatten()
                expected, advantages = values[:-1].flatten(), advantages.flatten()
            for rows in torch.randperm(len(X), generator=order).numpy().reshape(MINIBATCHES, -1):
                self._update(
                    X[rows],
                    actions[rows],
                    old[rows],
                    expected[rows],
                    advantages[rows],
                    returns[rows],
                    WEIGHTS[rows],
                )
        return self.p

    def _update(self, x, actions, old, expected, advantages, returns, weights) -> None:
        clip = self.clip
        shares = weights / weights.sum()
        if self.normalize:
            counted = advantages[weights > 0]
            advantages = (advantages - counted.mean()) / (counted.std() + 1e-8)
        log_ratios = _log_probs(self.p, x, actions) - old
        ratios = np.exp(log_ratios)
        self.kl.append((shares * (ratios - 1 - log_ratios)).sum())
        # Nothing to gain: beyond the clip in the direction that the advantage asks for.
        idle = np.where(advantages > 0, ratios > 1 + clip, ratios < 1 - clip)
        self.beyond["ratios"] += int((idle * weights).sum())
        gradients = _policy_gradients(
            self.p, x, actions, -shares * advantages * ratios * ~idle, -ENTROPY_SCALING * shares
        )
        values = (x @ self.p["value.weight"].T + self.p["value.bias"]).squeeze(-1)
        errors = values - returns
        if self.clip_values:
            held = expected + np.clip(values - expected, -clip, clip)
            worse = (held - returns) ** 2 > errors**2
            moved = np.abs(values - expected) > clip
            self.beyond["values"] += int((worse * moved * weights).sum())
            errors = np.where(worse & moved, 0.0, errors)  # what is held does not depend on the parameters
        slopes = 2 * VALUE_SCALING * shares * errors
        gradients |= {"value.weight": slopes[None] @ x, "value.bias": slopes.sum(keepdims=True)}
        self.p = self.adam.step(self.p, gradients)


FALLING = Linear(1.0, 0.5, 0, 5)
OPTIONS: list[dict[str, bool]] = [
    {},
    {"normalize_advantages": False},
    {"clip_values": True},
    {"recompute_advantages": True},
    {"recompute_advantages": True, "clip_values": True, "normalize_advantages": False},
]


@pytest.mark.parametrize("kind", ["discrete", "box"])
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "+".join(options) or "plain")
def test_one_whole_update_equals_the_equations(kind: str, options: dict[str, bool]) -> None:
    """Three epochs of two minibatches, a clip and a step size that fall, and clipped gradients."""
    n_steps = int((~DONES[:TICKS]).sum())
    clip = Linear(0.1, 0.02, 0, 2 * n_steps)  # over agent steps: half the way when the rollout is complete
    agent = _agent(kind, schedule=FALLING, clip_ratio=clip, **options)
    by_hand = ByHand(_parameters(agent), clip=0.06, schedule=FALLING, **options)
    actions = np.stack([agent.act(_tick(tick)).numpy() for tick in range(TICKS)])
    assert agent.actor_critic.updates == 0
    agent.act(_tick(TICKS))
    expected = by_hand.learn(actions.reshape(len(X), *actions.shape[2:]))
    for name, value in _parameters(agent).items():
        assert value == pytest.approx(expected[name], abs=1e-5), name
    assert agent.actor_critic.updates == EPOCHS * MINIBATCHES
    # Or clipping would not have been seen.
    assert by_hand.beyond["ratios"] > 0
    assert by_hand.beyond["values"] > 0 or not options.get("clip_values")


@pytest.mark.parametrize("kind", ["discrete", "box"])
def test_no_epoch_begins_once_the_policy_has_gone_too_far(kind: str) -> None:
    free = _agent(kind, n_epochs=10, clip_ratio=100.0)
    by_hand = ByHand(_parameters(free), clip=100.0)
    actions = np.stack([free.act(_tick(tick)).numpy() for tick in range(TICKS)])
    by_hand.learn(actions.reshape(len(X), *actions.shape[2:]), epochs=10)
    kl = np.array(by_hand.kl).reshape(10, MINIBATCHES).mean(axis=1)
    target = (kl[3] + kl[4]) / 2
    assert (kl[:4] < target).all()

    agent = _agent(kind, n_epochs=10, clip_ratio=100.0, target_kl=float(target))
    for tick in range(TICKS + 1):
        agent.act(_tick(tick))
    assert (
        agent.actor_critic.updates == 5 * MINIBATCHES
    )  # the fifth epoch, which went too far, is still finished


class Told(Logger):
    def __init__(self) -> None:
        self.values: list[tuple[str, Any, int]] = []

    def debug(self, name: str, value: Any, frame: int) -> None:
        self.values.append((name, value, frame))


def test_it_tells_how_far_it_has_gone() -> None:
    told = Told()
    agent = _agent("discrete", logger=told, log_interval=2, clip_ratio=0.1)
    by_hand = ByHand(_parameters(agent), clip=0.1)
    actions = np.stack([agent.act(_tick(tick)).numpy() for tick in range(TICKS)])
    assert not told.values
    agent.act(_tick(TICKS))
    by_hand.learn(actions.reshape(-1))
    values = {name: value for name, value, _ in told.values}
    assert all(isinstance(value, torch.Tensor) and not value.requires_grad for value in values.values())
    assert values["policy/approx_kl"].item() == pytest.approx(np.mean(by_hand.kl[-MINIBATCHES:]), abs=1e-6)
    assert 0 < values["policy/clip_fraction"].item() < 1
    assert 0 < values["policy/entropy"].item() < np.log(3)
    assert values["loss/value"].item() > 0
    assert values.keys() == {
        "loss/policy",
        "loss/value",
        "policy/entropy",
        "policy/approx_kl",
        "policy/clip_fraction",
        "value/explained_variance",
    }
    assert {frame for _, _, frame in told.values} == {TICKS * ENVS - 2}
    for tick in range(2 * TICKS):
        agent.act(_tick(tick % (TICKS + 1)))
    assert len(told.values) == 2 * len(values)  # the first rollout and the third


def test_explained_variance_by_hand() -> None:
    returns, weights = torch.tensor([1.0, 3.0, 100.0]), torch.tensor([1.0, 1.0, 0.0])
    assert explained_variance(returns, returns, weights).item() == 1.0
    assert explained_variance(torch.tensor([2.0, 2.0, 7.0]), returns, weights).item() == 0.0
    # Errors 1 and -1 have variance 1, as the returns have.
    assert explained_variance(torch.tensor([0.0, 4.0, 7.0]), returns, weights).item() == pytest.approx(0.0)
    assert explained_variance(torch.tensor([3.0, 1.0, 7.0]), returns, weights).item() == pytest.approx(-3.0)


@pytest.mark.parametrize("n", [1, 3, 7])
def test_there_is_nothing_to_explain_in_returns_that_are_all_the_same(n: int) -> None:
    returns, weights = torch.full((n + 1,), 0.1), torch.ones(n + 1)
    returns[-1], weights[-1] = 5.0, 0.0
    for values in (returns, torch.zeros(n + 1), torch.arange(n + 1.0)):
        assert explained_variance(values, returns, weights).isnan()
    assert explained_variance(returns, returns, torch.zeros(n + 1)).isnan()


@pytest.mark.parametrize("kind", ["discrete", "box"])
def test_what_stands_in_a_row_that_is_no_step_changes_nothing(kind: str) -> None:
    """The observation of a terminal state, what was answered to it, and the reward of the reset that follows."""
    learnt = []
    for garbage in (0.0, 5.0):
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


def test_its_rows_that_are_no_step_are_those_of_a_batch_of_advantages() -> None:
    agent = _agent("discrete")
    for tick in range(TICKS):
        agent.act(_tick(tick))
    batch = agent._batch(agent.rollout_buffer.rollout(_tick(TICKS)))
    none = batch.weights == 0
    assert none.any()
    assert not batch.advantages[none].any()
    assert torch.equal(batch.returns[none], batch.values[none])


def test_a_vector_that_only_resets_is_not_learnt_from() -> None:
    agent = _agent("discrete", entropy_loss_scaling=0.0, normalize_advantages=True)
    before = _parameters(agent)
    states = _tick(0).update("done", torch.ones(ENVS, dtype=torch.bool))
    for _ in range(TICKS + 1):
        agent.act(states)
    assert agent.actor_critic.updates == EPOCHS * MINIBATCHES
    assert all((value == before[name]).all() for name, value in _parameters(agent).items())
    assert agent.steps == 0


def test_rollouts_continue_and_the_new_policy_answers_their_last_state() -> None:
    agent = _agent("box")
    for tick in range(TICKS):
        agent.act(_tick(tick))
    agent.act(_tick(TICKS))
    assert len(agent.rollout_buffer) == 1
    stored = agent.rollout_buffer.state_dict()
    distribution, _ = agent.actor_critic.no_grad(_tick(TICKS))
    assert torch.equal(
        stored["extras"]["log_probs"][0], distribution.log_prob(stored["actions"]["action"][0])
    )


@pytest.mark.parametrize("kind", ["discrete", "box"])
@pytest.mark.parametrize("seen", [0, 4, TICKS, TICKS + 2])
def test_a_resumed_agent_goes_on_as_if_nothing_had_happened(kind: str, seen: int) -> None:
    told = [Told(), Told()]
    agent, other = (_agent(kind, schedule=FALLING, logger=logger, log_interval=2) for logger in told)
    ticks = [tick % (TICKS + 1) for tick in range(3 * TICKS + 3)]
    for tick in ticks[:seen]:
        agent.act(_tick(tick))
    told[0].values.clear()
    other.load_state_dict(agent.state_dict())
    for tick in ticks[seen:]:
        assert torch.equal(agent.act(_tick(tick)), other.act(_tick(tick)))
    assert agent.steps == other.steps
    assert told[0].values == told[1].values
    assert told[0].values
    for name, value in _parameters(agent).items():
        assert (value == _parameters(other)[name]).all()


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
    optimizer = torch.optim.Adam([*model.parameters(), *value.parameters()], lr=0.03)
    f = ActorCritic(nn.Identity(), policy, value, optimizer, clip_grad=0.5)
    agent = PPO(
        f,
        RolloutBuffer(16),
        generator=Seeds(0).generator("minibatches"),
        discount_factor=0.7,
        n_minibatches=2,
        value_loss_scaling=1.0,
        entropy_loss_scaling=0.0,
    )
    play(agent, kind(actions), 600, n_envs)
    for known in kind(actions).values(0.7):
        distribution, values = f.no_grad(known.state)
        assert values.item() == pytest.approx(known.value, abs=0.2)
        if known.best_action is not None:
            assert distribution.mode().item() == pytest.approx(known.best_action, abs=0.15)
