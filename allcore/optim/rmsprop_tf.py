"""RMSprop as TensorFlow has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from allcore.errors import HyperparameterError


class RMSpropTF(Optimizer):
    """RMSprop with epsilon inside the square root and running squares that begin at one.

        s <- alpha * s + (1 - alpha) * g^2
        p <- p - lr * g / sqrt(s + eps)

    torch's divides by sqrt(s) + eps and begins at s = 0: with the same eps = 1e-5 its steps along small gradients, and its
    first steps, are many times as long. Agents whose published settings come from TensorFlow (A2C) need this one.

    Source: TensorFlow 1, tf.train.RMSPropOptimizer, without momentum; as used by OpenAI's baselines, a2c/a2c.py.

    Args:
        params: parameters, or groups of them.
        lr: the step size.
        alpha: what is left of the running squares after an update.
        eps: added to the running squares.

    Raises:
        HyperparameterError: a value is out of its range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 7e-4,
        alpha: float = 0.99,
        eps: float = 1e-5,
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
        squares = [self._squares(parameter) for parameter in parameters]
        torch._foreach_mul_(squares, alpha)
        torch._foreach_addcmul_(squares, gradients, gradients, value=1 - alpha)
        divisors = torch._foreach_add(squares, eps)
        torch._foreach_sqrt_(divisors)
        steps = list(torch._foreach_div(gradients, list(divisors)))
        torch._foreach_mul_(steps, lr)
        torch._foreach_sub_(parameters, steps)

    def _squares(self, parameter: Tensor) -> Tensor:
        """The running squares of a parameter's gradients, made at its first update."""
        state = self.state[parameter]
        if not state:
            state["squares"] = torch.ones_like(parameter, memory_format=torch.preserve_format)
        return state["squares"]
