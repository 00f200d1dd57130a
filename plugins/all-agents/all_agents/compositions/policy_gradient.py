"""What VAC and VPG have in common: networks for policy and values that share nothing, and how they play."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from gymnasium.spaces import Box
from torch import nn

from all_agents.compositions.groups import Network
from all_agents.compositions.networks import on_features
from all_agents.compositions.parts import falling_step_size, play
from allcore.agents import PolicyAgent
from allcore.approximation import VNetwork
from allcore.nn import ActionScale, SharedLogStd
from allcore.optim import Adam
from allcore.policies import GaussianPolicy, SoftmaxPolicy
from allcore.presets import Preset, Setting, described

if TYPE_CHECKING:
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class PolicyGradientHyperparameters(Network):
    """What a preset can be told whose agent has a policy and values with an optimizer each."""

    discount_factor: float = described("What a reward one step later is worth.", at_least=0.0, at_most=1.0)
    lr_pi: float = described("The step size of the policy's optimizer at first.", at_least=0.0)
    lr_v: float = described("The step size of the values' optimizer at first.", at_least=0.0)
    final_lr_factor: float = described(
        "The share of both step sizes that is left at the end of the training; they fall in a straight line.",
        at_least=0.0,
    )
    eps: float = described("What the optimizers add to their divisors.", at_least=0.0)
    clip_grad: float = described(
        "The largest norm of all gradients of a network together; 0 clips nothing.", at_least=0.0
    )
    n_envs: int = described("Environments trained in at once.", unit="environments", at_least=1)
    sample_in_tests: bool = described(
        "Draw actions in evaluation, as in training; otherwise the likeliest one is taken."
    )


class PolicyGradientPreset(Preset):
    """A network for values and one for the policy; each is features with fully connected layers on top.

    Actions that are vectors are Gaussian, with means that know no bounds and deviations that no state changes, both in
    units of half the distance of the action's bounds; the environment clips.
    """

    parallel = True

    def __init__(self, setting: Setting) -> None:
        """Make the networks."""
        super().__init__(setting)
        hp, space = self.hyperparameters, setting.observation_space
        self.value = on_features(hp.features(space), space, hp.hidden, 1)
        self.policy: nn.Module
        if isinstance(setting.action_space, Box):
            (n_numbers,) = setting.action_space.shape
            scale = ActionScale(setting.action_space)
            means = nn.Sequential(on_features(hp.features(space), space, hp.hidden, n_numbers), scale)
            self.policy = SharedLogStd(means, torch.log(hp.initial_std * scale.scale))
        else:
            self.policy = on_features(hp.features(space), space, hp.hidden, setting.n_actions)
        self.to(self.device)

    def values(
        self, train_steps: float, logger: Logger | None, clock: Callable[[], int], log_interval: int = 100
    ) -> VNetwork:
        """The values in training; their step size falls over `train_steps`, both it and `clock` in agent steps."""
        training = self._training(self.value, self.hyperparameters.lr_v, train_steps)
        return VNetwork(self.value, **training, logger=logger, clock=clock, log_interval=log_interval)

    def acting(
        self, train_steps: float, logger: Logger | None, clock: Callable[[], int], log_interval: int = 100
    ) -> SoftmaxPolicy | GaussianPolicy:
        """The policy in training; its step size falls over `train_steps`, both it and `clock` in agent steps."""
        training = self._training(self.policy, self.hyperparameters.lr_pi, train_steps)
        generator = self.seeds.generator("policy")
        return self._kind(
            self.policy,
            generator=generator,
            **training,
            logger=logger,
            clock=clock,
            log_interval=log_interval,
        )

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by a copy of the policy as it is now."""
        policy = self._kind(copy.deepcopy(self.policy), generator=self.seeds.generator("test policy"))
        return PolicyAgent(partial(play, policy, self.hyperparameters.sample_in_tests))

    # ---- private

    @property
    def _kind(self) -> type[SoftmaxPolicy | GaussianPolicy]:
        return GaussianPolicy if isinstance(self.setting.action_space, Box) else SoftmaxPolicy

    def _training(self, model: nn.Module, lr: float, train_steps: float) -> dict[str, Any]:
        hp = self.hyperparameters
        return {
            "optimizer": Adam(model.parameters(), lr=lr, eps=hp.eps),
            "learning_rate_schedule": falling_step_size(hp, train_steps),
            "clip_grad": hp.clip_grad,
        }
