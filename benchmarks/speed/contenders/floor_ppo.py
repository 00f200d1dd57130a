"""The floor of PPO on Breakout, CartPole and HalfCheetah: bare steps, choices and updates.

With a setting `"precision": "bfloat16"`, Breakout's network computes in bfloat16, wherever that is faster.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from floor_parts import (
    BREAKOUT_ACTIONS,
    CARTPOLE_ACTIONS,
    Part,
    in_one_tensor,
    make_step,
    measure,
    mlp,
    mlp_of_one,
    mlp_weights,
    nature_network,
    scaled,
)
from measured import settings
from torch import Tensor, nn
from torch.nn.functional import mse_loss

HALFCHEETAH_SHAPE = (17, 6)  # numbers in an observation and in an action


def drawn_ahead(draw: Callable[[], Tensor]) -> Iterator[Tensor]:
    """Noise for one step after the other, drawn for a whole rollout at once."""
    while True:
        yield from draw().unbind()


def gumbel(*shape: int, device: str) -> Tensor:
    """Noise that makes the largest of noisy log-probabilities a sample."""
    return torch.empty(shape, device=device).exponential_().log_().neg_()


def log_probs_of(logits: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probabilities of the chosen actions `[N]` and of all `[N, A]`."""
    log_probs = logits.log_softmax(1)
    return log_probs.gather(1, actions).squeeze(1), log_probs


def make_loss(given: Mapping[str, Any], size: int) -> Callable[[Tensor, Tensor, Tensor | None], Tensor]:
    """The loss of a minibatch with made-up returns.

    Its arguments are log-probabilities and values of the minibatch `[N]`, and all actions' log-probabilities `[N, A]`, whose
    entropy counts where the settings say so.
    """
    old_log_probs, advantages, returns = torch.full((size,), -1.0), torch.randn(size), torch.randn(size)
    clip, value_scaling = given["clip_ratio"], given["value_loss_scaling"]
    entropy_scaling = given["entropy_loss_scaling"]

    def loss(log_probs: Tensor, values: Tensor, all_log_probs: Tensor | None) -> Tensor:
        normalized = (advantages - advantages.mean()).div_(advantages.std() + 1e-8)
        ratios = (log_probs - old_log_probs).exp()
        gains = torch.min(ratios * normalized, ratios.clamp(1 - clip, 1 + clip) * normalized)
        total = value_scaling * mse_loss(values, returns) - gains.mean()
        if entropy_scaling and all_log_probs is not None:
            total = total + entropy_scaling * (all_log_probs.exp() * all_log_probs).sum(1).mean()
        return total

    return loss


def breakout(given: Mapping[str, Any]) -> tuple[list[Tensor], Part, Part, Part]:
    """What is learnt, the choice with its log-probability and value, nothing to evaluate later, and the update."""
    n_envs, n_steps, half = given["n_envs"], given["n_steps"], given.get("precision") == "bfloat16"
    network = nature_network(BREAKOUT_ACTIONS + 1)
    acting = copy.deepcopy(network).to(torch.bfloat16) if half else network
    noise = drawn_ahead(lambda: gumbel(n_steps, n_envs, BREAKOUT_ACTIONS, device=given["device"]))
    state = torch.randint(256, (n_envs, 4, 84, 84), dtype=torch.uint8)

    @torch.inference_mode()
    def act() -> tuple[np.ndarray, Tensor, Tensor]:
        outputs = acting(scaled(state, torch.bfloat16 if half else torch.float32)).float()
        log_probs = outputs[:, :-1].log_softmax(1)
        actions = (log_probs + next(noise)).argmax(1, keepdim=True)
        return actions.cpu().numpy(), log_probs.gather(1, actions), outputs[:, -1]

    @torch.no_grad()
    def evaluate() -> None:
        """Bring what acts up to date; log-probabilities and values are known from acting."""
        if half:
            torch._foreach_copy_(list(acting.parameters()), list(network.parameters()))

    return list(network.parameters()), act, evaluate, make_breakout_update(network, given, half)


def make_breakout_update(network: nn.Module, given: Mapping[str, Any], half: bool) -> Part:
    size = given["n_envs"] * given["n_steps"] // given["n_minibatches"]
    states = torch.randint(256, (size, 4, 84, 84), dtype=torch.uint8)
    actions, loss = torch.randint(BREAKOUT_ACTIONS, (size, 1)), make_loss(given, size)
    optimizer = torch.optim.Adam(network.parameters(), lr=given["lr"], eps=given["eps"], fused=True)

    def update() -> None:
        with torch.autocast(given["device"], torch.bfloat16, enabled=half):
            outputs = network(scaled(states))
        outputs = outputs.float()
        log_probs, all_log_probs = log_probs_of(outputs[:, :-1], actions)
        optimizer.zero_grad()
        loss(log_probs, outputs[:, -1], all_log_probs).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), given["clip_grad"], foreach=True)
        optimizer.step()

    return update


def vectors(given: Mapping[str, Any]) -> tuple[list[Tensor], Part, Part, Part]:
    """What is learnt, the choice alone, log-probabilities and values of a whole rollout, and the update."""
    continuous = given["environment"] == "HalfCheetah-v5"
    n_inputs, n_outputs = HALFCHEETAH_SHAPE if continuous else (4, CARTPOLE_ACTIONS)
    policy = mlp_weights(n_inputs, given["hidden"], n_outputs)
    values = mlp_weights(n_inputs, given["hidden"], 1)
    log_std = nn.Parameter(torch.zeros(n_outputs))
    learnt = [*policy, *values, *([log_std] if continuous else [])]
    together = in_one_tensor(learnt)
    rollout = given["n_envs"] * given["n_steps"]
    states = torch.rand(rollout, n_inputs)
    actions = torch.randn(rollout, n_outputs) if continuous else torch.randint(n_outputs, (rollout, 1))

    def predict(n: int) -> tuple[Tensor, Tensor, Tensor | None]:
        outputs = mlp(states[:n], policy, torch.tanh_)
        value = mlp(states[:n], values, torch.tanh_).squeeze(1)
        if not continuous:
            log_probs, all_log_probs = log_probs_of(outputs, actions[:n])
            return log_probs, value, all_log_probs
        # but for a constant, which ratios do not need
        z = (actions[:n] - outputs) * (-log_std).exp()
        return -0.5 * z.square().sum(1) - log_std.sum(), value, None

    @torch.inference_mode()
    def evaluate() -> None:
        predict(rollout)

    acting = [weights.detach() for weights in policy]
    act = (
        make_continuous_act(acting, log_std.detach(), given)
        if continuous
        else make_discrete_act(acting, given)
    )
    return list(learnt), act, evaluate, make_vector_update(together, predict, given)


def make_discrete_act(policy: list[Tensor], given: Mapping[str, Any]) -> Part:
    n_envs, n_steps = given["n_envs"], given["n_steps"]
    noise = drawn_ahead(lambda: gumbel(n_steps, n_envs, CARTPOLE_ACTIONS, device=given["device"]))
    state = torch.rand(n_envs, 4)

    @torch.inference_mode()
    def act() -> np.ndarray:
        chosen: np.ndarray = mlp(state, policy, torch.tanh_).add_(next(noise)).argmax(1).cpu().numpy()
        return chosen

    return act


def make_continuous_act(policy: list[Tensor], log_std: Tensor, given: Mapping[str, Any]) -> Part:
    n_inputs, n_outputs = HALFCHEETAH_SHAPE
    noise = drawn_ahead(
        lambda: torch.randn(given["n_steps"], n_outputs, device=log_std.device).mul_(log_std.exp())
    )
    state = torch.rand(n_inputs)

    @torch.inference_mode()
    def act() -> np.ndarray:
        chosen: np.ndarray = mlp_of_one(state, policy, torch.tanh_).add_(next(noise)).cpu().numpy()
        return chosen

    return act


def make_vector_update(
    together: Tensor, predict: Callable[[int], tuple[Tensor, Tensor, Tensor | None]], given: Mapping[str, Any]
) -> Part:
    size = given["n_envs"] * given["n_steps"] // given["n_minibatches"]
    loss, largest, gradient = make_loss(given, size), given["clip_grad"], together.grad
    assert gradient is not None
    optimizer = torch.optim.Adam([together], lr=given["lr"], eps=given["eps"], fused=True)

    def update() -> None:
        gradient.zero_()
        loss(*predict(size)).backward()
        gradient.mul_((largest / (gradient.norm() + 1e-6)).clamp_(max=1.0))
        optimizer.step()

    return update


def main() -> None:
    given = settings()
    torch.manual_seed(given["seed"])
    with torch.device(given["device"]):
        learnt, act, evaluate, update = (breakout if given["environment"] == "Breakout" else vectors)(given)
    steps = given["frames"] // given["n_envs"]
    rollouts = steps // given["n_steps"]
    parts = {
        "step": (make_step(given), steps),
        "act": (act, steps),
        "evaluate": (evaluate, rollouts),
        "update": (update, rollouts * given["n_epochs"] * given["n_minibatches"]),
    }
    measure(given, learnt, parts)


if __name__ == "__main__":
    main()
