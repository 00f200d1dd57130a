"""What must answer at once never imports a heavy library: seen in fresh processes, in `sys.modules`."""

import subprocess
import sys

import importlib_metadata
import pytest

HEAVY = ("cv2", "gymnasium", "imageio", "matplotlib", "mujoco", "numpy", "tensorboard", "torch")

REPORT = f"""
import sys
loaded = [name for name in {HEAVY!r} if name in sys.modules]
sys.exit(f"heavy imports: {{', '.join(loaded)}}" if loaded else 0)
"""

RUN_COMMAND = """
import sys
from allcore.cli import main
sys.argv = ["all", *{arguments!r}]
try:
    main()
except SystemExit as exit:
    assert not exit.code, f"exit code {{exit.code}}"
"""

OURS = sorted(
    entry.value
    for entry in importlib_metadata.entry_points(group="allcore.plugins")
    if entry.dist.name in {"allcore", "all-agents", "all-atari", "all-mujoco", "all-pettingzoo", "all-slurm"}
)


def _run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("module", ["allcore", "allcore.plugins", "allcore.cli", "allcore.executors", *OURS])
def test_importing_is_light(module):
    result = _run(f"import {module}\n{REPORT}")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["list", "presets"],
        ["list", "environments"],
        ["list", "presets", "--json"],
        ["run", "--help"],
        ["plugins"],
    ],
    ids=" ".join,
)
def test_command_is_light(arguments):
    result = _run(RUN_COMMAND.format(arguments=arguments) + REPORT)
    assert result.returncode == 0, result.stderr


def test_all_our_plugins_are_looked_at():
    """An empty list would pass the tests above."""
    assert {"allcore.builtin", "all_agents.plugin", "all_atari.plugin", "all_slurm.plugin"} <= set(OURS)


def test_a_heavy_import_is_seen():
    assert "torch" in _run(f"import torch\n{REPORT}").stderr
