"""RMSprop as the DQN papers have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from allcore.errors import HyperparameterError


class CentredRMSprop(Optimizer):
    """RMSprop that divides by the deviation of gradients instead of their size, with epsilon inside the square root.

        m <- alpha * m + (1 - alpha) * g
        s <- alpha * s + (1 - alpha) * g^2
        p <- p - lr * g / sqrt(s - m^2 + eps)

    torch's, with `centered=True`, divides by sqrt(s - m^2) + eps: with the same eps its steps along gradients that hardly
    vary are many times as long.

    Source: Mnih et al., Human-level control through deep reinforcement learning (2015), after Graves (2013), equations 38 to
    45, without the momentum of the steps, as in dqn_zoo. The papers' eps of 0.01 is for gradients summed over a
    minibatch of N; for their mean it is 0.01 / N^2.

    Args:
        params: parameters, or groups of them.
        lr: the step size.
        alpha: what is left of the running means after an update.
        eps: added to the running variances.

    Raises:
        HyperparameterError: a value is out of its range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2.5e-4,
        alpha: float = 0.95,
        eps: float = 0.01 / 32**2,
    ) -> None:
        if not (lr >= 0 and 0 <= alpha <= 1 and eps > 0):
            raise HyperparameterError(
                f"RMSprop cannot work with lr {lr}, alpha {alpha} and eps {eps}",
                hint="lr is at least 0, alpha between 0 and 1, eps above 0.",
            )
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update by the gradients that are there; parameters without one stay as they are."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if parameters:
                self._update(parameters, group["lr"], group["alpha"], group["eps"])
        return loss

    def _update(self, parameters: list[Tensor], lr: float | Tensor, alpha: float, eps: float) -> None:
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        means = [self._running(parameter)["means"] for parameter in parameters]
        squares = [self._running(parameter)["squares"] for parameter in parameters]
        torch._foreach_lerp_(means, gradients, 1 - alpha)
        torch._foreach_mul_(squares, alpha)
        torch._foreach_addcmul_(squares, gradients, gradients, value=1 - alpha)
        divisors = list(torch._foreach_addcmul(squares, means, means, value=-1))
        # A variance, but for rounding.
        torch._foreach_clamp_min_(divisors, 0.0)
        torch._foreach_add_(divisors, eps)
        torch._foreach_sqrt_(divisors)
        steps = list(torch._foreach_div(gradients, divisors))
        torch._foreach_mul_(steps, lr)
        torch._foreach_sub_(parameters, steps)

    def _running(self, parameter: Tensor) -> dict[str, Tensor]:
        """The running means of a parameter's gradients and of their squares, made at its first update."""
        state: dict[str, Tensor] = self.state[parameter]
        if not state:
            for name in ("means", "squares"):
                state[name] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        return state
