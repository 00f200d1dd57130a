"""Target networks: a second model that follows the first slowly, for targets that do not run away.

A target is a deep copy made when the approximation is made; it draws no gradient. It stays in the mode that the model
was in then, train mode as a rule, whatever `eval` does to the model: noisy layers draw their own noise in the
target (as Rainbow does) and dropout drops in it (as in DroQ).
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from allcore.errors import HyperparameterError


class TargetNetwork(ABC):
    """How the target follows the model. Made without a model; the approximation hands it over through `init`."""

    @abstractmethod
    def init(self, model: nn.Module) -> None:
        """Begin as a copy of `model`."""

    @abstractmethod
    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """What the target says, without gradients."""

    def track(self) -> None:
        """Follow the model after an update. Tensors only, so that it can be compiled or captured with the update."""

    def refresh(self, updates: int) -> None:
        """Follow the model after `updates` updates in all, where that depends on the count."""

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""


class TrivialTarget(TargetNetwork):
    """No target network: the model itself, without gradients."""

    def init(self, model: nn.Module) -> None:
        """Keep `model`."""
        self._model = model

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """What the model says now, without gradients."""
        with torch.no_grad():
            return self._model(*inputs, **options)


class _CopiedTarget(TargetNetwork):
    """What targets with a copy of their own have in common."""

    def init(self, model: nn.Module) -> None:
        """Copy `model`."""
        self._target = copy.deepcopy(model).requires_grad_(False)
        self._parameters: list[Tensor] = list(self._target.parameters())
        self._sources: list[Tensor] = list(model.parameters())
        self._buffers: list[Tensor] = list(self._target.buffers())
        self._buffer_sources: list[Tensor] = list(model.buffers())

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """What the target network says, without gradients."""
        with torch.no_grad():
            return self._target(*inputs, **options)

    def state_dict(self) -> dict[str, Any]:
        """The target network's parameters and buffers."""
        return {"model": self._target.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Copy them into this target network."""
        self._target.load_state_dict(state["model"])


class FixedTarget(_CopiedTarget):
    """A copy of the model, renewed every `update_frequency` updates (not agent steps, not frames).

    Source: Mnih et al., Human-level control through deep reinforcement learning (2015), where this is called C.
    """

    def __init__(self, update_frequency: int) -> None:
        """Renew the copy every `update_frequency` updates.

        Raises:
            HyperparameterError: `update_frequency` is not at least 1.
        """
        if update_frequency < 1:
            raise HyperparameterError(
                f"a target cannot be renewed every {update_frequency} updates: at least 1"
            )
        self.update_frequency = update_frequency

    def refresh(self, updates: int) -> None:
        """Copy the model if `updates` is a multiple of the frequency."""
        if updates % self.update_frequency == 0:
            _copy(self._parameters, self._sources)
            _copy(self._buffers, self._buffer_sources)


class PolyakTarget(_CopiedTarget):
    """A moving average: target = (1 - rate) target + rate model, after every update. Buffers are copied as they are.

    Source: Lillicrap et al., Continuous control with deep reinforcement learning (2016), section 3, with tau = rate.
    To follow only every d-th update is TD3's delay: Fujimoto et al., Addressing function approximation error in
    actor-critic methods (2018), section 5.2.
    """

    def __init__(self, rate: float, update_frequency: int = 1) -> None:
        """Follow with `rate`, in (0, 1], every `update_frequency` updates.

        Raises:
            HyperparameterError: `rate` is not in (0, 1], or `update_frequency` is not at least 1.
        """
        if not 0 < rate <= 1:
            raise HyperparameterError(
                f"a target cannot follow with rate {rate}: it must be above 0 and at most 1"
            )
        if update_frequency < 1:
            raise HyperparameterError(f"a target cannot follow every {update_frequency} updates: at least 1")
        self.rate = rate
        self.update_frequency = update_frequency

    def track(self) -> None:
        """Move the target a step towards the model, if it does so after every update."""
        if self.update_frequency == 1:
            self._follow()

    def refresh(self, updates: int) -> None:
        """Move it if it follows less often, and `updates` is a multiple of the frequency."""
        if self.update_frequency > 1 and updates % self.update_frequency == 0:
            self._follow()

    def _follow(self) -> None:
        if self._parameters:
            with torch.no_grad():
                torch._foreach_lerp_(self._parameters, self._sources, self.rate)
        _copy(self._buffers, self._buffer_sources)


def _copy(targets: list[Tensor], sources: list[Tensor]) -> None:
    if targets:
        with torch.no_grad():
            torch._foreach_copy_(targets, sources)
