"""The games by name, without importing the emulator."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path

from allcore.errors import UnknownEnvironmentError, UsageError
from allcore.keys import did_you_mean

# These are for two players only: the emulator ends the process when it is asked to load one of them.
_NOT_FOR_ONE_PLAYER = {"combat", "joust", "maze_craze", "warlords"}


def names() -> list[str]:
    """Every game that the Arcade Learning Environment ships for one player, such as `MsPacman`."""
    return sorted(_roms())


def find_game(text: str) -> tuple[str, str]:
    """A game's name and its ROM's: `MsPacman` and `ms_pacman`.

    Args:
        text: the name; capitals, `_`, `-` and spaces do not matter.

    Raises:
        UnknownEnvironmentError: there is no such game.
    """
    wanted = _bare(text)
    for name, rom in _roms().items():
        if _bare(name) == wanted:
            return name, rom
    # Gymnasium's ids are not accepted, since each of them stands for other settings than ours.
    without_version = re.sub(r"^ALE/|(NoFrameskip|Deterministic)?-v\d+$", "", text)
    hint = (
        did_you_mean(without_version, names())
        or "'all list environments --domain atari' shows what there is."
    )
    raise UnknownEnvironmentError(f"There is no Atari game {text!r}.", hint=hint)


def _bare(name: str) -> str:
    return re.sub(r"[ _-]", "", name).lower()


@cache
def _roms() -> dict[str, str]:
    """The games' names and their ROMs', from the list that ale_py ships beside its ROMs."""
    package = importlib.util.find_spec("ale_py")
    if package is None or package.origin is None:
        raise UsageError(
            "Atari games need the package ale-py, which is not installed.", hint="pip install ale-py"
        )
    listed = json.loads(Path(package.origin).with_name("roms").joinpath("md5.json").read_text())
    roms = (file.removesuffix(".bin") for file in listed)
    return {rom.title().replace("_", ""): rom for rom in roms if rom not in _NOT_FOR_ONE_PLAYER}
