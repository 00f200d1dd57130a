"""The family `pettingzoo`: from a name to a game."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from all_pettingzoo.environment import PettingZooEnvironment
from all_pettingzoo.names import find, names
from allcore.errors import UnknownEnvironmentError, UsageError
from allcore.keys import did_you_mean

if TYPE_CHECKING:
    import torch
    from pettingzoo import AECEnv  # type: ignore[import-untyped]


def make(
    name: str,
    *,
    device: torch.device | str = "cpu",
    flatten: bool = True,
    replace_illegal: bool = True,
    **options: Any,
) -> PettingZooEnvironment:
    """Make the game `name`: the target of the family.

    Args:
        name: one of `all_pettingzoo.names.names()`, with or without its version.
        device: where the tensors of its states go.
        flatten: see `PettingZooEnvironment`.
        replace_illegal: see `PettingZooEnvironment`.
        **options: those of the game itself, such as `max_cycles`.

    Raises:
        UnknownEnvironmentError: there is no such game.
        UsageError: a package that the game needs is not installed, or it does not have such an option.
    """
    found = find(name)
    if found is None:
        hint = did_you_mean(name, names()) or f"There are {', '.join(names())}."
        raise UnknownEnvironmentError(f"There is no game {name!r}.", hint=hint)
    part, full_name = found

    def make_game(**changed: Any) -> AECEnv[str, Any, Any]:
        return _make_game(part, full_name, changed)

    return PettingZooEnvironment(
        make_game(**options),
        device,
        key=f"pettingzoo:{full_name}",
        make=make_game,
        flatten=flatten,
        replace_illegal=replace_illegal,
        **options,
    )


def _make_game(part: str, name: str, options: dict[str, Any]) -> AECEnv[str, Any, Any]:
    import pettingzoo
    from pettingzoo.env_registry.exceptions import PettingZooRegistryError  # type: ignore[import-untyped]

    try:
        if part == "mpe":  # a distribution of its own since PettingZoo 1.25
            game: AECEnv[str, Any, Any] = importlib.import_module(f"mpe2.{name}").env(**options)
        else:
            game = pettingzoo.make("aec", f"{part}/{name}", **options)
        return game
    except (ImportError, PettingZooRegistryError) as error:
        needed = "pettingzoo[classic]" if name.startswith("hanabi") else f"all-pettingzoo[{part}]"
        raise UsageError(
            f"{name} cannot be made: {error.__cause__ or error}", hint=f'pip install "{needed}"'
        ) from error
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        raise UsageError(f"{name} has no such option: {error}.") from error
