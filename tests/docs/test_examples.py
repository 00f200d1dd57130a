"""Every script in examples/ runs as it stands, and leaves behind what it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

#: What each script says or writes.
SAYS = {
    "supervised_approximation.py": "loss after 200 updates: 0.",
    "control_loop.py": "episodes, of which the first five returned [",
    "preset.py": "the loaded one's action:",
    "experiment.py": "",
    "folder_executor.py": "",
    "own_agent.py": "finished: runs/own_agent-double_dqn/CartPole-v1/seed0-",
}
WRITES = {
    "preset.py": ["breakout.safetensors"],
    "experiment.py": ["returns100.png", "runs/atari.dqn/*/seed0-*/returns100.csv"],
    "own_agent.py": ["runs/own_agent-double_dqn/CartPole-v1/seed0-*/evaluations.csv"],
}

# One core: a run would otherwise compute with as many threads as it finds cores, against its neighbours' tests.
RUN = """
import os, runpy, sys
if hasattr(os, "sched_setaffinity"):
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def _run(script, folder):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, str(script)],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_every_script_is_tested():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SAYS)


def test_every_script_is_listed():
    readme = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.iterdir():
        assert path.name == "README.md" or f"[`{path.name}" in readme


@pytest.mark.parametrize("name", SAYS)
def test_a_script(name, tmp_path):
    result = _run(EXAMPLES / name, tmp_path)
    assert result.returncode == 0, result.stderr
    assert SAYS[name] in result.stdout
    for pattern in WRITES.get(name, []):
        assert list(tmp_path.glob(pattern)), f"no {pattern}; there are {sorted(tmp_path.rglob('*'))}"


def test_the_plugin_keeps_its_own_tests(tmp_path):
    arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLES / "own_plugin")]
    result = subprocess.run(
        [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stdout


@pytest.fixture
def installed_plugin(tmp_path):
    """A folder for the path that looks as if pip had installed the plugin into it."""
    import tomllib

    project = tomllib.loads((EXAMPLES / "own_plugin/pyproject.toml").read_text())["project"]
    (points,) = [project["entry-points"]["allcore.plugins"]]
    metadata = tmp_path / "site" / "all_corridor-0.1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [f"{name} = {value}" for name, value in points.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[allcore.plugins]", *lines, ""]))
    return os.pathsep.join([str(metadata.parent), str(EXAMPLES / "own_plugin")])


def test_the_plugin_adds_an_environment_to_a_domain_of_another_plugin(tmp_path, installed_plugin):
    command = "run --preset classic.dqn --env Corridor-4 --frames 50 --test-episodes 0 --quiet"
    result = subprocess.run(
        [sys.executable, "-m", "allcore", *command.split()],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": installed_plugin, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert list(tmp_path.glob("runs/classic.dqn/Corridor-4/seed0-*/preset.safetensors"))
