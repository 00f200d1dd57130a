"""The floor of SAC on HalfCheetah: bare steps, choices and updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch
from floor_parts import Part, make_step, measure, mlp, mlp_of_one, mlp_weights
from measured import settings
from torch import Tensor, nn
from torch.nn.functional import mse_loss

INPUTS, ACTIONS = 17, 6


def spread(outputs: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log of the deviation, between -5 and 2, of actions before they are squashed."""
    mean, log_std = outputs.chunk(2, -1)
    return mean, log_std.tanh().mul(3.5) - 1.5


def sample(actor: Sequence[Tensor], states: Tensor) -> tuple[Tensor, Tensor]:
    """Actions `[N, A]` and, but for a constant, their log-probabilities `[N, 1]`."""
    mean, log_std = spread(mlp(states, actor))
    noise = torch.randn_like(mean)
    actions = torch.addcmul(mean, log_std.exp(), noise).tanh()
    densities = -0.5 * noise.square() - log_std - (1 - actions.square() + 1e-6).log()
    return actions, densities.sum(1, keepdim=True)


def make_act(actor: Sequence[Tensor]) -> Part:
    state, acting = torch.randn(INPUTS), [weights.detach() for weights in actor]

    @torch.inference_mode()
    def act() -> np.ndarray:
        mean, log_std = spread(mlp_of_one(state, acting))
        chosen: np.ndarray = torch.addcmul(mean, log_std.exp(), torch.randn_like(mean)).tanh_().cpu().numpy()
        return chosen

    return act


def make_update(
    actor: list[nn.Parameter], critics: list[list[nn.Parameter]], given: Mapping[str, Any]
) -> Part:
    size, lr, log_temperature = given["minibatch_size"], given["lr"], nn.Parameter(torch.zeros(1))
    states, next_states = torch.randn(2, size, INPUTS)
    pairs, rewards = torch.cat((states, torch.rand(size, ACTIONS)), 1), torch.randn(size, 1)
    discounts = torch.full((size, 1), given["discount_factor"])
    # The critics' weights as they are, without gradients, for the actor's loss.
    fixed = [[weights.detach() for weights in critic] for critic in critics]
    targets = [[weights.clone() for weights in critic] for critic in fixed]
    all_fixed, all_targets = list(chain(*fixed)), list(chain(*targets))
    of_actor = torch.optim.Adam(actor, lr=lr, fused=True)
    of_critics = torch.optim.Adam(chain(*critics), lr=lr, fused=True)
    of_temperature = torch.optim.Adam([log_temperature], lr=lr, fused=True)

    def lower(of: Sequence[Sequence[Tensor]], inputs: Tensor) -> Tensor:
        return torch.min(mlp(inputs, of[0]), mlp(inputs, of[1]))

    def update() -> None:
        temperature = log_temperature.detach().exp()
        with torch.no_grad():
            actions, log_probs = sample(actor, next_states)
            values = lower(targets, torch.cat((next_states, actions), 1)).sub_(temperature * log_probs)
            wanted = torch.addcmul(rewards, discounts, values)
        of_critics.zero_grad()
        (mse_loss(mlp(pairs, critics[0]), wanted) + mse_loss(mlp(pairs, critics[1]), wanted)).backward()
        of_critics.step()

        actions, log_probs = sample(actor, states)
        of_actor.zero_grad()
        (temperature * log_probs - lower(fixed, torch.cat((states, actions), 1))).mean().backward()
        of_actor.step()

        # the gradient of -log_temperature * (log_probs - ACTIONS).mean()
        log_temperature.grad = (ACTIONS - log_probs.detach().mean()).view(1)
        of_temperature.step()
        torch._foreach_lerp_(all_targets, all_fixed, given["target_rate"])

    return update


def main() -> None:
    given = settings()
    torch.manual_seed(given["seed"])
    with torch.device(given["device"]):
        actor = mlp_weights(INPUTS, given["hidden"], 2 * ACTIONS)
        critics = [mlp_weights(INPUTS + ACTIONS, given["hidden"], 1) for _ in range(2)]
        act, update = make_act(actor), make_update(actor, critics, given)
    frames = given["frames"]
    parts = {
        "step": (make_step(given), frames),
        "act": (act, frames),
        "update": (update, frames // given["update_frequency"]),
    }
    measure(given, [*actor, *critics[0], *critics[1]], parts)


if __name__ == "__main__":
    main()
