"""How independent agents are composed: a preset for one agent is built for each player."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gymnasium.spaces import Dict
from torch import nn

from all_agents.agents.independent import IndependentMultiagent
from allcore.bodies import AsArray
from allcore.errors import HyperparameterError
from allcore.keys import did_you_mean
from allcore.logging import PrefixedLogger
from allcore.plugins import registry
from allcore.presets import Function, Preset, Setting, described

if TYPE_CHECKING:
    from allcore.logging import Logger
    from allcore.presets import PresetBuilder


@dataclass(frozen=True, kw_only=True)
class IndependentHyperparameters:
    """What a preset of independent agents can be told."""

    agent: str = described("Key of the preset that each player gets, one of those for a single agent.")
    players: tuple[str, ...] = described("Players that get another preset: PLAYER=KEY.")
    settings: tuple[str, ...] = described(
        "Hyperparameters of the players' presets that are changed: NAME=VALUE for all players, PLAYER.NAME=VALUE for one."
    )


class IndependentPreset(Preset):
    """A preset for one agent, built for each player.

    Attributes:
        players: the players' names.
        presets: their presets, in the same order.
    """

    def __init__(self, setting: Setting) -> None:
        """Build the players' presets.

        Raises:
            HyperparameterError: a player has no such name, or a preset no such hyperparameter.
            UnknownKeyError: there is no such preset.
            DomainError: a preset cannot play what its player sees and does.
        """
        super().__init__(setting)
        assert isinstance(setting.action_space, Dict)
        self.players = tuple(setting.action_space.spaces)
        keys = self._keys()
        changes = self._changes()
        self.presets = nn.ModuleList(
            self._build(player, keys[player], changes[player]) for player in self.players
        )

    def agent(  # type: ignore[override] # a Multiagent, because the environment is one for several
        self, logger: Logger | None = None, train_steps: float = float("inf")
    ) -> IndependentMultiagent:
        """A training agent for each player, of which each is trained for its share of `train_steps` (agent steps)."""
        agents = {}
        for player, preset in self._each():
            its_logger = logger and PrefixedLogger(logger, f"{player}/", lambda: multiagent.steps)
            agent: Any = preset.agent(its_logger, train_steps / len(self.players))
            agents[player] = AsArray(agent) if preset.parallel else agent
        multiagent = IndependentMultiagent(agents)
        return multiagent

    def test_agent(self) -> IndependentMultiagent:  # type: ignore[override]
        """An agent for each player that does not learn."""
        return IndependentMultiagent({player: preset.test_agent() for player, preset in self._each()})

    # ---- private

    def _each(self) -> list[tuple[str, Preset]]:
        return list(zip(self.players, self.presets, strict=True))  # type: ignore[arg-type]

    def _build(self, player: str, key: str, changes: Mapping[str, str]) -> Preset:
        builder: PresetBuilder = registry().load(registry().find("presets", key))
        refuse_functions(builder, changes)
        if hasattr(builder.values, "n_envs"):
            changes = {"n_envs": "1", **changes}
        observations: Any = self.setting.observation_space
        actions: Any = self.setting.action_space
        preset = (
            builder.hyperparameters(**changes)
            .seed(self.seeds.integer("player", self.players.index(player)))
            .device(self.device)
            .build_for(observations[player], actions[player], environment=self.setting.environment)
        )
        if preset.n_envs != 1:
            raise HyperparameterError(
                f"{key} cannot train {player} in {preset.n_envs} environments: players take turns in one",
                hint="Leave out n_envs; it is 1 here.",
            )
        return preset

    def _keys(self) -> dict[str, str]:
        """Each player's preset."""
        keys = dict.fromkeys(self.players, self.hyperparameters.agent)
        for text in self.hyperparameters.players:
            player, key = _split(text, "players", "player_0=classic.ppo")
            self._check_player(player)
            keys[player] = key
        return keys

    def _changes(self) -> dict[str, dict[str, str]]:
        """Each player's changed hyperparameters; what is said for one player wins over what is said for all."""
        for_all: dict[str, str] = {}
        for_one: dict[str, dict[str, str]] = {player: {} for player in self.players}
        for text in joined(self.hyperparameters.settings):
            place, value = _split(text, "settings", "lr=1e-4")
            player, dot, name = place.rpartition(".")
            if dot:
                self._check_player(player)
            (for_one[player] if dot else for_all)[name] = value
        return {player: {**for_all, **own} for player, own in for_one.items()}

    def _check_player(self, player: str) -> None:
        if player not in self.players:
            raise HyperparameterError(
                f"{self.setting.environment} has no player {player!r}",
                hint=did_you_mean(player, self.players) or f"Its players are {', '.join(self.players)}.",
            )


def joined(parts: tuple[str, ...]) -> list[str]:
    """Put together what a comma in a value has torn apart: `hidden=64` and `64` are `hidden=64,64`."""
    texts: list[str] = []
    for part in parts:
        if "=" in part or not texts:
            texts.append(part)
        else:
            texts[-1] += f",{part}"
    return texts


def refuse_functions(builder: PresetBuilder, changes: Mapping[str, str]) -> None:
    """Refuse a change of what names a function: a saved preset would import whatever module stands there.

    Raises:
        HyperparameterError: one of the changes is such.
    """
    for name in changes:
        if isinstance(getattr(builder.values, name, None), Function):
            raise HyperparameterError(
                f"{name} of {builder.name} names a function, which cannot be changed for a player",
                hint="Register a preset of your own (`all new-plugin`, or --plugin FILE.py) and give its key.",
            )


def needs_players(observation_space: Any, action_space: Any) -> str | None:
    """What keeps these spaces from being those of several players; None if nothing does."""
    if (
        isinstance(observation_space, Dict)
        and isinstance(action_space, Dict)
        and observation_space.spaces.keys() == action_space.spaces.keys()
    ):
        return None
    return "it is an environment for a single agent, and the preset has one for each of several players that take turns."


def _split(text: str, name: str, example: str) -> tuple[str, str]:
    left, equals, right = (part.strip() for part in text.partition("="))
    if not (left and equals and right):
        raise HyperparameterError(f"{name} takes name=value, not {text!r}", hint=f"For example: {example}")
    return left, right
