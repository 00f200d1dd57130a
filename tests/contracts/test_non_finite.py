"""A loss that is not a number stops every registered preset, and what it was computed from can be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from allcore.approximation import Approximation, loss_watch
from allcore.checkpoint import load_state
from allcore.core import State
from allcore.errors import NonFiniteError
from allcore.experiments import RunSpec
from allcore.experiments.run import run
from allcore.experiments.weights import check_weights
from allcore.memory import ExperienceReplayBuffer, PrioritizedReplayBuffer
from allcore.plugins import Entry, registry
from allcore.presets import load_preset

ENTRIES = registry().records("presets")
every_agent = pytest.mark.parametrize(
    "entry", list({entry.record.agent: entry for entry in ENTRIES}.values()), ids=lambda entry: entry.key
)
every_preset = pytest.mark.parametrize("entry", ENTRIES, ids=[entry.key for entry in ENTRIES])

#: Which of all losses of a training is poisoned.
NUMBER = 4


class Poison:
    """Makes one loss NaN, though not its gradients, and remembers what was learnt from."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.losses = 0
        self.name = ""
        self.updates = 0
        self.sample: Any = None
        self.asked: Any = None
        reinforce, ask = Approximation.reinforce, Approximation.__call__

        def poisoned(approximation: Approximation, loss: Tensor) -> Approximation:
            self.losses += 1
            if self.losses == NUMBER:
                self.name, self.updates = approximation.name, approximation.updates
                loss = loss + torch.nan
            return reinforce(approximation, loss)

        def remembered(approximation: Approximation, *inputs: Any, **options: Any) -> Any:
            if self.losses < NUMBER and inputs and torch.is_grad_enabled():
                self.asked = inputs[0].observation
            return ask(approximation, *inputs, **options)

        monkeypatch.setattr(Approximation, "reinforce", poisoned)
        monkeypatch.setattr(Approximation, "__call__", remembered)
        for buffer in (ExperienceReplayBuffer, PrioritizedReplayBuffer):
            monkeypatch.setattr(buffer, "sample", self._sampling(buffer.sample))

    def _sampling(self, sample: Any) -> Any:
        def sampled(*args: Any) -> Any:
            drawn = sample(*args)
            self.sample = drawn if self.losses < NUMBER else self.sample
            return drawn

        return sampled

    @property
    def batch(self) -> list[Tensor]:
        """All tensors of what the poisoned update learnt from: of a replay sample, or the observations."""
        if self.sample is None:
            return tensors(self.asked)
        return [
            tensor
            for part in self.sample
            for tensor in ([part[key] for key in part.keys()] if isinstance(part, State) else [part])  # noqa: SIM118
        ]


@every_preset
def test_it_stops_with_its_batch_saved_and_its_weights_kept(
    entry: Entry, small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = Poison(monkeypatch)
    env, preset = small.build(entry)
    spec = RunSpec(preset=entry.key, environment=env.key, frames=small.frames, loggers=(), test_episodes=0)
    outcome = run(spec, env, preset, tmp_path, quiet=True)
    env.close()

    assert poison.losses == NUMBER
    assert outcome.state == "failed"
    file = outcome.folder / "bad-batch.safetensors"
    for text in (f"{poison.name} is nan in its update {poison.updates + 1}.", str(file)):
        assert text in outcome.message
    assert "NonFiniteError" in (outcome.folder / "error.txt").read_text()
    found = tensors(load_state(file)["batch"])
    assert poison.batch
    for tensor in poison.batch:
        assert any(torch.equal(tensor, each) for each in found if each.dtype == tensor.dtype)
    saved = load_preset(outcome.folder / "preset.safetensors")
    assert all(parameter.isfinite().all() for parameter in saved.parameters())


@every_agent
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_where_a_look_would_wait_it_stops_soon(
    entry: Entry, device: str, small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if device == "cpu":
        monkeypatch.setattr(loss_watch, "_at_once", lambda value: False)
    poison = Poison(monkeypatch)
    env, preset = small.build(entry, device=device)
    loop = small.experiment(env, preset, 2 * small.frames)
    with pytest.raises(NonFiniteError, match=f"{poison.name} was nan in its update") as caught:
        loop.train(frames=2 * small.frames)
    loop.close()
    env.close()
    assert f"{poison.name} was nan in its update {poison.updates + 1}." in str(caught.value)
    # Each approximation is looked at for itself: an agent of ours has at most 3, and here are at most 2 players.
    assert NUMBER < poison.losses <= NUMBER + 6 * loss_watch.LOOK_EVERY
    assert caught.value.batch


def test_it_goes_on_if_told_to_and_nothing_else_is_changed(
    trained: Any, small: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    poison = Poison(monkeypatch)
    env, preset = small.build(trained.entry)
    loop = small.experiment(env, preset, small.frames)
    with loss_watch.going_on_regardless():
        loop.train(frames=small.frames)
    loop.close()
    env.close()
    assert poison.losses > NUMBER
    assert [record.levelname for record in caplog.records if poison.name in record.message] == ["WARNING"]
    theirs = dict(trained.preset.named_parameters())
    assert all(torch.equal(parameter, theirs[name]) for name, parameter in preset.named_parameters())


def test_weights_that_were_learnt_pass(trained: Any) -> None:
    check_weights(trained.preset)


def tensors(value: Any) -> list[Tensor]:
    """All tensors in nested dicts."""
    if isinstance(value, dict):
        return [tensor for part in value.values() for tensor in tensors(part)]
    return [value] if isinstance(value, Tensor) else []
