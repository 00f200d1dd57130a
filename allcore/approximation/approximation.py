"""A model together with all that its training needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from allcore.approximation.checkpointers import Checkpointer, DummyCheckpointer
from allcore.approximation.compiled import recorded_steps
from allcore.approximation.loss_watch import LossWatch
from allcore.approximation.optimizer_state import load_optimizer_state
from allcore.approximation.targets import TargetNetwork, TrivialTarget
from allcore.errors import CheckpointError, NonFiniteError, UsageError

if TYPE_CHECKING:
    from allcore.logging import Logger
    from allcore.optim import Schedule


class Approximation:
    """A function that is learnt: `y = f(x)`, then `f.reinforce(loss)`.

    Args:
        model: what is learnt.
        optimizer: an optimizer over its parameters; without one the approximation can only be asked.
        target: how the target network follows; without one `f.target` asks the model itself.
        learning_rate_schedule: a factor on the optimizer's own learning rates: 1.0 leaves them as they are. It is asked
            before each update, with what the clock says, or with the updates so far where there is no clock.
        clip_grad: the largest norm of all gradients together; 0.0 clips nothing.
        loss_scaling: a factor on the loss before gradients are taken.
        checkpointer: when to save the model.
        logger: told of losses, gradient norms and learning rates.
        name: what they are called in logs and file names.
        log_interval: updates from one logged loss to the next; the first is always logged.
        clock: the agent steps so far, for the schedule and the horizontal axis of logs; without one, updates are counted.
        gradient_hook: called with the parameters when their gradients are there, before they are clipped.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | None = None,
        *,
        target: TargetNetwork | None = None,
        learning_rate_schedule: Schedule | None = None,
        clip_grad: float = 0.0,
        loss_scaling: float = 1.0,
        checkpointer: Checkpointer | None = None,
        logger: Logger | None = None,
        name: str = "approximation",
        log_interval: int = 100,
        clock: Callable[[], int] | None = None,
        gradient_hook: Callable[[list[Tensor]], None] | None = None,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.name = name
        self.updates = 0
        self.loads = 0  # by which a program sees that it knows tensors that may be others now
        self.clip_grad = clip_grad
        self.loss_scaling = loss_scaling

        self._first = next(model.parameters(), None)  # asked for its device in every step
        self._target = TrivialTarget() if target is None else target
        self._target.init(model)
        self._checkpointer = DummyCheckpointer() if checkpointer is None else checkpointer
        self._checkpointer.init(model, _folder(logger) / f"{name}.safetensors")
        self._schedule = learning_rate_schedule
        self._gradient_hook = gradient_hook
        self._logger = logger
        self._log_interval = log_interval
        self._clock = clock
        self._gradient_norm: Tensor | None = None
        self._watch = LossWatch(name)

    # ---- asking

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """The model's answer, with gradients."""
        return self.model(*inputs, **options)

    def no_grad(self, *inputs: Any, **options: Any) -> Any:
        """The model's answer without gradients."""
        with torch.no_grad():
            return self.model(*inputs, **options)

    def eval(self, *inputs: Any, **options: Any) -> Any:
        """The model's answer in eval mode, without gradients; afterwards the model is in the mode that it was in."""
        with self.evaluating(), torch.no_grad():
            return self.model(*inputs, **options)

    def target(self, *inputs: Any, **options: Any) -> Any:
        """The target network's answer, without gradients."""
        return self._target(*inputs, **options)

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Hold the model in eval mode; afterwards every part of it is in the mode that it was in."""
        training = [module for module in self.model.modules() if module.training]
        if training:
            self.model.eval()
        try:
            yield
        finally:
            for module in training:
                module.training = True

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Hold the parameters: gradients flow through what the model says to its inputs, but none to the parameters.

        So that an actor can follow its critic's gradient without leaving one in the critic.
        """
        learnt = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        for parameter in learnt:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in learnt:
                parameter.requires_grad_(True)

    # ---- learning

    def reinforce(self, loss: Tensor) -> Approximation:
        """One update: follow the gradient of the scalar `loss`. It raises what `step` does."""
        (loss if self.loss_scaling == 1.0 else loss * self.loss_scaling).backward()
        return self.step(loss)

    def step(self, loss: Tensor | None = None) -> Approximation:
        """One update by gradients that are there already; `loss` is only looked at and logged.

        Raises:
            UsageError: there is no optimizer.
            NonFiniteError: loss or gradients are not finite (`LossWatch`). On the CPU the weights stay what they were.
        """
        if self.optimizer is None:
            raise UsageError(f"{self.name} cannot learn: it was made without an optimizer")
        if (steps := recorded_steps()) is not None:
            self._update_tensors(self.optimizer)
            steps.append((self, loss, self._gradient_norm))
            return self
        self._set_learning_rates(self.optimizer)
        try:
            if loss is not None:
                self._watch.loss(loss, self.updates)
            self._update_tensors(self.optimizer)
        except NonFiniteError:
            self.zero_grad()
            raise
        self._finish_update(loss)
        return self

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.model.parameters():
            parameter.grad = None

    # ---- learning as a part of a program (`CompiledUpdate`)

    def rates_as_tensors(self) -> None:
        """Keep the learning rates in tensors, which a program reads anew each time."""
        for group in [] if self.optimizer is None else self.optimizer.param_groups:
            if not isinstance(group["lr"], Tensor):
                group["lr"] = torch.tensor(group["lr"], dtype=torch.float64, device=self.device)

    def before_program(self) -> None:
        """What an update does before its tensors change."""
        if self.optimizer is not None:
            self._set_learning_rates(self.optimizer)

    def after_program(self, loss: Tensor | None, gradient_norm: Tensor | None) -> None:
        """What an update does after they have changed. It raises what `step` does."""
        if loss is not None:
            self._watch.loss(loss, self.updates)
        if gradient_norm is not None:
            self._watch.gradients(gradient_norm, self.updates)
        self._gradient_norm = gradient_norm
        self._finish_update(loss)

    # ---- what it is

    @property
    def device(self) -> torch.device:
        """Where the model lies."""
        return torch.device("cpu") if self._first is None else self._first.device

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs; the tensors are those in use, not copies."""
        return {
            "model": self.model.state_dict(),
            "optimizer": None if self.optimizer is None else self.optimizer.state_dict(),
            "target": self._target.state_dict(),
            "updates": self.updates,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave, by copying into the tensors that are there: their memory layout stays.

        Raises:
            CheckpointError: the state is of another model, optimizer or target.
        """
        try:
            self._check_parts(state)
            self.model.load_state_dict(state["model"])
            if self.optimizer is not None:
                load_optimizer_state(self.optimizer, state["optimizer"])
            self._target.load_state_dict(state["target"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise CheckpointError(f"the saved state does not fit {self.name}: {error}") from error
        self.updates = int(state["updates"])
        self.loads += 1

    # ---- private

    def _check_parts(self, state: Mapping[str, Any]) -> None:
        """Refuse a state with a part too many or too few, which would otherwise be left out in silence."""
        if (self.optimizer is None) != (state["optimizer"] is None):
            has, lacks = ("this one", "it") if state["optimizer"] is None else ("it", "this one")
            raise ValueError(f"{has} has an optimizer and {lacks} has none")
        if self._target.state_dict().keys() != state["target"].keys():
            raise ValueError(f"its target network is of another kind than {type(self._target).__name__}")

    def _update_tensors(self, optimizer: Optimizer) -> None:
        """The half of an update that is tensors only: nothing in it depends on a count or, but for a look, leaves the device."""
        if self._gradient_hook is not None:
            self._gradient_hook(_parameters(optimizer))
        if self.clip_grad:
            self._gradient_norm = nn.utils.clip_grad_norm_(_parameters(optimizer), self.clip_grad)
            if recorded_steps() is None:
                self._watch.gradients(self._gradient_norm, self.updates)
        optimizer.step()
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = None
        self._target.track()

    def _finish_update(self, loss: Tensor | None) -> None:
        """The host's half: whatever depends on the count of updates."""
        self.updates += 1
        self._target.refresh(self.updates)
        if self._logger is not None and (self.updates - 1) % self._log_interval == 0:
            self._log(self._logger, loss)
        self._checkpointer(self.updates)

    def _now(self) -> int:
        """The agent steps so far; without a clock, the updates."""
        return self.updates if self._clock is None else self._clock()

    def _set_learning_rates(self, optimizer: Optimizer) -> None:
        """Set every group's learning rate to its own initial one times what the schedule says, if there is one."""
        if self._schedule is None:
            return
        factor = self._schedule(self._now())
        for group in optimizer.param_groups:
            rate = group["lr"]
            # The name under which torch's own schedulers keep it, too: it is saved with the optimizer.
            initial = group.setdefault("initial_lr", rate.item() if isinstance(rate, Tensor) else rate)
            if isinstance(rate, Tensor):
                rate.fill_(initial * factor)
            else:
                group["lr"] = initial * factor

    def _log(self, logger: Logger, loss: Tensor | None) -> None:
        frame = self._now()
        if loss is not None:
            # A copy: the memory of a loss may be used again by the next update before the logger writes.
            logger.debug(f"loss/{self.name}", loss.detach().clone(), frame)
        if self._gradient_norm is not None:
            logger.debug(f"gradient_norm/{self.name}", self._gradient_norm.detach().clone(), frame)
        if self._schedule is not None and self.optimizer is not None:
            rate = self.optimizer.param_groups[0]["lr"]
            copied = rate.clone() if isinstance(rate, Tensor) else rate
            logger.debug(f"learning_rate/{self.name}", copied, frame)


def _parameters(optimizer: Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _folder(logger: Logger | None) -> Path:
    """The run's folder; without a logger, the current one."""
    return Path() if logger is None else Path(logger.folder)
