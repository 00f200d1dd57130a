"""The floor of DQN, C51 and Rainbow on Breakout, and of DQN on CartPole: bare steps, choices and updates."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Mapping
from typing import Any

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
    nature_convolutions,
    nature_network,
    scaled,
)
from measured import settings
from torch import Tensor, nn
from torch.nn.functional import linear, smooth_l1_loss


class NoisyLinear(nn.Module):
    """A linear layer whose weights have factorised noise, drawn anew at each call.

    For one state, two products are faster than making noisy weights; for minibatches, and their gradients, it is the
    other way round.
    """

    def __init__(self, inputs: int, outputs: int, sigma: float) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.inputs, self.outputs = inputs, outputs
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))
        self.weight_sigma = nn.Parameter(torch.full((outputs, inputs), sigma * bound))
        self.bias_sigma = nn.Parameter(torch.full((outputs,), sigma * bound))

    def forward(self, x: Tensor) -> Tensor:
        drawn = torch.randn(self.inputs + self.outputs, device=x.device)
        noise_in, noise_out = (drawn.sign() * drawn.abs().sqrt_()).split((self.inputs, self.outputs))
        if len(x) == 1:
            noise = linear(x * noise_in, self.weight_sigma, self.bias_sigma)
            return torch.addcmul(linear(x, self.weight, self.bias), noise_out, noise)
        weight = torch.addcmul(self.weight, self.weight_sigma, torch.outer(noise_out, noise_in))
        return linear(x, weight, torch.addcmul(self.bias, self.bias_sigma, noise_out))


class RainbowNetwork(nn.Module):
    """Logits `[N, A * K]`, noisy and dueling; the first layers of the two streams are one."""

    def __init__(self, n_atoms: int, sigma: float) -> None:
        super().__init__()
        self.features, self.n_atoms = nature_convolutions(), n_atoms
        self.hidden = NoisyLinear(64 * 7 * 7, 2 * 512, sigma)
        self.value = NoisyLinear(512, n_atoms, sigma)
        self.advantages = NoisyLinear(512, BREAKOUT_ACTIONS * n_atoms, sigma)

    def forward(self, frames: Tensor) -> Tensor:
        for_value, for_advantages = self.hidden(self.features(frames)).relu_().chunk(2, 1)
        advantages = self.advantages(for_advantages).view(-1, BREAKOUT_ACTIONS, self.n_atoms)
        values = self.value(for_value).unsqueeze(1) - advantages.mean(1, keepdim=True)
        return (values + advantages).flatten(1)


def breakout_frames(n: int) -> Tensor:
    return torch.randint(256, (n, 4, 84, 84), dtype=torch.uint8)


def make_act(network: nn.Module, values_of: Callable[[Tensor], Tensor], exploration: float) -> Part:
    """Choose an action for one state; `values_of` is what the network's output says of each action."""
    state = breakout_frames(1)

    @torch.inference_mode()
    def act() -> int:
        if random.random() < exploration:
            return random.randrange(BREAKOUT_ACTIONS)
        return int(values_of(network(scaled(state))).argmax())

    return act


def make_dqn_update(network: nn.Module, target: nn.Module, given: Mapping[str, Any]) -> Part:
    n, discount_factor = given["minibatch_size"], given["discount_factor"]
    states, next_states = breakout_frames(2 * n).split(n)
    actions, rewards = torch.randint(BREAKOUT_ACTIONS, (n, 1)), torch.rand(n).round()
    discounts = torch.full((n,), discount_factor)
    optimizer = torch.optim.Adam(network.parameters(), lr=given["lr"], fused=True)

    def update() -> None:
        with torch.no_grad():
            targets = torch.addcmul(rewards, discounts, target(scaled(next_states)).amax(1))
        values = network(scaled(states)).gather(1, actions).squeeze(1)
        optimizer.zero_grad()
        smooth_l1_loss(values, targets).backward()
        optimizer.step()

    return update


def make_distributional_update(network: nn.Module, target: nn.Module, given: Mapping[str, Any]) -> Part:
    """C51's update, or Rainbow's: there the online network chooses the next actions, and each loss has a weight."""
    n, n_atoms, double = given["minibatch_size"], given["n_atoms"], given["algorithm"] == "rainbow"
    atoms = torch.linspace(given["v_min"], given["v_max"], n_atoms)
    width = float(atoms[1] - atoms[0])
    states, next_states = breakout_frames(2 * n).split(n)
    rows, actions = torch.arange(n), torch.randint(BREAKOUT_ACTIONS, (n,))
    rewards, weights = torch.rand(n, 1).round(), torch.rand(n)
    discounts = torch.full((n, 1), given["discount_factor"] ** given.get("n_steps", 1))
    optimizer = torch.optim.Adam(network.parameters(), lr=given["lr"], fused=True)

    def logits(model: nn.Module, frames: Tensor) -> Tensor:
        return model(frames).view(n, BREAKOUT_ACTIONS, n_atoms)

    @torch.no_grad()
    def targets() -> Tensor:
        frames = scaled(next_states)
        next_probabilities = logits(target, frames).softmax(2)
        chosen_by = logits(network, frames).softmax(2) if double else next_probabilities
        probabilities = next_probabilities[rows, (chosen_by @ atoms).argmax(1)]
        shifted = torch.addcmul(rewards, discounts, atoms).clamp_(given["v_min"], given["v_max"])
        hats = (shifted.unsqueeze(1) - atoms.unsqueeze(1)).abs_().mul_(-1 / width).add_(1).clamp_(min=0)
        return torch.bmm(hats, probabilities.unsqueeze(2)).squeeze(2)

    def update() -> None:
        wanted = targets()
        losses = -(wanted * logits(network, scaled(states))[rows, actions].log_softmax(1)).sum(1)
        loss = weights.dot(losses) / n if double else losses.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return update


def with_target_copies(update: Part, online: list[Tensor], target: list[Tensor], every: int) -> Part:
    """The update, after which now and then the target network becomes what the online one is."""
    online, updates = [tensor.detach() for tensor in online], 0

    def both() -> None:
        nonlocal updates
        update()
        updates += 1
        if updates % every == 0:
            torch._foreach_copy_(target, online)

    return both


def breakout(given: Mapping[str, Any]) -> tuple[list[Tensor], Part, Part]:
    """What is learnt, the choice, and the update."""
    n_atoms = given.get("n_atoms", 1)
    if given["algorithm"] == "rainbow":
        network: nn.Module = RainbowNetwork(n_atoms, given["noisy_sigma"])
    else:
        network = nature_network(BREAKOUT_ACTIONS * n_atoms)
    target = copy.deepcopy(network).requires_grad_(False)
    if given["algorithm"] == "dqn":
        values_of, make_update = lambda values: values, make_dqn_update
    else:
        atoms = torch.linspace(given["v_min"], given["v_max"], n_atoms)
        values_of, make_update = (
            lambda logits: logits.view(-1, n_atoms).softmax(1) @ atoms,
            make_distributional_update,
        )
    act = make_act(network, values_of, given.get("exploration", 0.0))
    online = list(network.parameters())
    update = make_update(network, target, given)
    copies = given["target_update_frequency"]
    return online, act, with_target_copies(update, online, list(target.parameters()), copies)


def cartpole(given: Mapping[str, Any]) -> tuple[list[Tensor], Part, Part]:
    """What is learnt, the choice, and the update."""
    n, exploration = given["minibatch_size"], given["exploration"]
    weights = mlp_weights(4, given["hidden"], CARTPOLE_ACTIONS)
    online = in_one_tensor(weights)
    for_acting, target = [w.detach() for w in weights], [w.detach().clone() for w in weights]
    optimizer = torch.optim.Adam([online], lr=given["lr"], fused=True)
    state, states, next_states = torch.rand(4), *torch.rand(2, n, 4)
    actions, rewards = torch.randint(CARTPOLE_ACTIONS, (n, 1)), torch.ones(n)
    discounts = torch.full((n,), given["discount_factor"])

    @torch.inference_mode()
    def act() -> int:
        if random.random() < exploration:
            return random.randrange(CARTPOLE_ACTIONS)
        return int(mlp_of_one(state, for_acting).argmax())

    def update() -> None:
        with torch.no_grad():
            targets = torch.addcmul(rewards, discounts, mlp(next_states, target).amax(1)).unsqueeze(1)
        assert online.grad is not None
        online.grad.zero_()
        smooth_l1_loss(mlp(states, weights).gather(1, actions), targets).backward()
        optimizer.step()

    copies = given["target_update_frequency"]
    return list(weights), act, with_target_copies(update, list(weights), target, copies)


def main() -> None:
    given = settings()
    torch.manual_seed(given["seed"])
    with torch.device(given["device"]):
        learnt, act, update = (breakout if given["environment"] == "Breakout" else cartpole)(given)
    updates = given["frames"] // given["update_frequency"]
    step = make_step(given)
    measure(
        given,
        learnt,
        {"step": (step, given["frames"]), "act": (act, given["frames"]), "update": (update, updates)},
    )


if __name__ == "__main__":
    main()
