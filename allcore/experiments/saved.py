"""Opening a run folder again: its environment, and its preset with the weights that it saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from allcore.experiments.run_folder import RunFolder
from allcore.experiments.setup import find_preset, make_environment
from allcore.experiments.spec import RunSpec
from allcore.presets import load_preset

if TYPE_CHECKING:
    from collections.abc import Collection

    from allcore.environments import Environment
    from allcore.presets import Preset
