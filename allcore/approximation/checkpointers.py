"""Saving an approximation's model now and then while a run goes on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from torch import nn

from allcore.checkpoint import save_tensors
from allcore.errors import HyperparameterError


class Checkpointer(ABC):
    """When to save the model. Made without a model; the approximation hands it over through `init`."""

    @abstractmethod
    def init(self, model: nn.Module, file: Path) -> None:
        """Save `model` to `file`."""

    @abstractmethod
    def __call__(self, updates: int) -> None:
        """Called after every update with the count of updates so far."""


class DummyCheckpointer(Checkpointer):
    """Never saves."""

    def init(self, model: nn.Module, file: Path) -> None:
        """Keep nothing."""

    def __call__(self, updates: int) -> None:
        """Save nothing."""


class PeriodicCheckpointer(Checkpointer):
    """Saves the model every `frequency` updates, each time over the last one, whole or not at all.

    The file is NAME.safetensors, after the approximation's name, in the folder of its logger: the run's folder.
    """

    def __init__(self, frequency: int) -> None:
        """Save every `frequency` updates.

        Raises:
            HyperparameterError: `frequency` is not at least 1.
        """
        if frequency < 1:
            raise HyperparameterError(f"a model cannot be saved every {frequency} updates: at least 1")
        self.frequency = frequency

    def init(self, model: nn.Module, file: Path) -> None:
        """Save `model` to `file`."""
        self._model = model
        self._file = file

    def __call__(self, updates: int) -> None:
        """Save the model if `updates` is a multiple of the frequency."""
        if updates % self.frequency == 0:
            save_tensors(self._file, self._model.state_dict(), {"kind": "model", "updates": updates})
