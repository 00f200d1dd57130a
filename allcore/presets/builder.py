"""From a preset's defaults to a preset: choose the environment, the device and the hyperparameters, then build."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from allcore.environments import MultiagentEnvironment
from allcore.errors import DeviceError, DomainError, SpecError
from allcore.memory.estimate import available_bytes
from allcore.presets.hyperparameters import replace
from allcore.presets.memory_limit import MemoryLimit, too_large
from allcore.presets.preset import Preset, Setting
from allcore.seeding import Seeds

if TYPE_CHECKING:
    from collections.abc import Callable

    from gymnasium import Space

    from allcore.environments import AnyEnvironment, VectorEnvironment


@dataclass(frozen=True)
class PresetBuilder:
    """An immutable recipe for a preset: every method gives a new one.

        dqn.env(env).device("cuda").hyperparameters(lr=1e-4).seed(0).build()

    Attributes:
        name: the preset's key, such as `classic.dqn`.
        values: the hyperparameters, an instance of the preset's hyperparameters class.
        make: the preset's class.
        check: called with the observation and action space; says in a sentence what does not fit, or None if all does.
    """

    name: str
    values: Any
    make: Callable[[Setting], Preset]
    check: Callable[[Space[Any], Space[Any]], str | None]
    _env: AnyEnvironment | VectorEnvironment | None = None
    _device: str | None = None
    _seed: int | None = None

    def env(self, env: AnyEnvironment | VectorEnvironment) -> PresetBuilder:
        """Compose the agent for environments like `env`."""
        return dataclasses.replace(self, _env=env)

    def device(self, device: str | torch.device) -> PresetBuilder:
        """Put networks and minibatches on `device` (by default where the environment's tensors lie).

        Raises:
            DeviceError: there is no such device here.
        """
        return dataclasses.replace(self, _device=str(available(device)))

    def hyperparameters(self, /, **changes: Any) -> PresetBuilder:
        """Change some hyperparameters.

        Raises:
            HyperparameterError: a name is unknown, or a value does not fit.
        """
        changed = replace(self.values, changes, owner=self.name)
        return dataclasses.replace(self, values=changed)

    def seed(self, seed: int) -> PresetBuilder:
        """Draw initial networks, exploration and minibatches from this root seed.

        Raises:
            SpecError: the seed is negative.
        """
        if seed < 0:
            raise SpecError(f"a seed is a whole number of at least 0, not {seed}")
        return dataclasses.replace(self, _seed=seed)

    def build(self) -> Preset:
        """Make the preset.

        Raises:
            SpecError: no environment was given.
            DomainError: the preset cannot play this environment.
        """
        if self._env is None:
            raise SpecError(
                f"{self.name} has no environment", hint=f"{self.name.split('.')[-1]}.env(env).build()"
            )
        return self.build_for(*spaces_of(self._env), environment=self._env.key, device=str(self._env.device))

    def build_for(
        self,
        observation_space: Space[Any],
        action_space: Space[Any],
        *,
        environment: str,
        device: str = "cpu",
        most_bytes: int | None = None,
    ) -> Preset:
        """Make the preset from spaces alone, as when it is loaded from a file.

        Args:
            observation_space: the space of one observation.
            action_space: the space of one action.
            environment: what to type to get the environment.
            device: where to put the networks, if `device()` has not said it.
            most_bytes: what making the networks may take; by default what is free.

        Raises:
            DomainError: the preset cannot play this environment.
            UsageError: its networks do not fit into memory.
        """
        if problem := self.check(observation_space, action_space):
            raise DomainError(f"{self.name} cannot play {environment}: {problem}")
        setting = Setting(
            name=self.name,
            environment=environment,
            observation_space=observation_space,
            action_space=action_space,
            hyperparameters=self.values,
            device=available(self._device or device),
            seeds=Seeds(self._seed),
        )
        # Modules draw their first weights from torch's global generator: give them a stream of their own, and put it back.
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(setting.seeds.integer("parameters"))
            return self._make_within(setting, most_bytes)

    def _make_within(self, setting: Setting, most_bytes: int | None) -> Preset:
        most = available_bytes(torch.device("cpu")) if most_bytes is None else most_bytes
        most = sys.maxsize if most is None else most
        try:
            with MemoryLimit(self.name, most):
                return self.make(setting)
        except (RuntimeError, TypeError) as error:
            if "overflow" not in str(error).lower():  # a size that does not even fit into 64 bits
                raise
            raise too_large(self.name, most) from error


def spaces_of(env: AnyEnvironment | VectorEnvironment) -> tuple[Space[Any], Space[Any]]:
    """The spaces of one observation and one action; of several agents, by their names."""
    if isinstance(env, MultiagentEnvironment):
        return env.observation_spaces, env.action_spaces
    return env.observation_space, env.action_space


def available(device: str | torch.device) -> torch.device:
    """`device`, if it exists on this machine.

    Raises:
        DeviceError: it does not, or the text names no device.
    """
    try:
        parsed = torch.device(device)
    except RuntimeError:
        raise DeviceError(
            f"{device!r} is not a device", hint=f"Here there is: {', '.join(_devices())}."
        ) from None
    if parsed.type == "cpu":
        return parsed
    name = f"{parsed.type}:{parsed.index or 0}"
    if name not in _devices():
        raise DeviceError(
            f"there is no device {device!s} here", hint=f"Here there is: {', '.join(_devices())}."
        )
    return parsed


def _devices() -> list[str]:
    """The devices of this machine."""
    found = ["cpu"]
    found += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps:0")
    return found
