"""`all run`: what is specified, what is refused, and what the user reads. A run itself is tested elsewhere."""

import json
import sys
from types import SimpleNamespace

import pytest

import all_agents.plugin
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.spec import RunSpec
from allcore.plugins import ExecutorRecord, SettingRecord

classic = pytest.importorskip("all_agents.presets.classic.plugin")

DQN = ("run", "--preset", "classic.dqn", "--env", "CartPole-v1")


@pytest.fixture
def submitted(monkeypatch, allcore_registry, make_plugin):
    """Submit to an executor that only remembers; `submitted.states` are what it answers."""
    kept = SimpleNamespace(specs=[], options={}, states=[])

    class Remember:
        here = True

        def __init__(self, logdir, **options):
            self.logdir = logdir
            kept.options = {"logdir": logdir, **options}

        def submit(self, specs):
            from allcore.experiments import Outcome

            kept.specs += specs
            states = kept.states or ["finished"] * len(specs)
            return [
                Outcome(
                    spec=spec, folder=RunFolder.of(self.logdir, "p", "e", spec.run_name).path, state=state
                )
                for spec, state in zip(specs, states, strict=False)
            ]

    monkeypatch.setitem(sys.modules, "executor_for_tests", SimpleNamespace(Remember=Remember))
    executor = ExecutorRecord(name="memory", target="executor_for_tests:Remember", summary="Only remembers.")
    queue = SettingRecord(name="queue", summary="Where to wait.")
    allcore_registry(
        {
            "agents": all_agents.plugin,
            "classic": classic,
            "test": make_plugin(all_executors=[executor], all_settings=[queue]),
        }
    )
    return kept


@pytest.fixture
def submit(submitted, run_all):
    """Call `all run` with the executor that only remembers, and give the specifications."""

    def call(*arguments):
        submitted.specs.clear()
        result = run_all(*arguments, "--executor", "memory")
        assert result.exit_code == 0, result.stderr
        return list(submitted.specs)

    return call


class TestSpecifications:
    def test_what_is_not_said_is_the_presets_or_the_usual(self, submit):
        (spec,) = submit(*DQN)
        assert spec == RunSpec(
            preset="classic.dqn",
            environment="classic:CartPole-v1",
            frames=100_000,
            versions=spec.versions,
        )

    def test_everything_that_can_be_said(self, submit, submitted):
        (spec,) = submit(
            *(*DQN, "--frames", "20k", "--seed", "7", "--set", "lr=3e-4", "--set", "hidden=8,8"),
            *("--env-set", "max_episode_steps=50", "--logger", "jsonl", "--test-episodes", "3"),
            *("--evaluate-every", "5_000", "--save-freq", "0", "--no-verbose"),
            *("--logdir", "elsewhere", "--fresh", "--quiet", "--jobs", "3", "--executor-set", "queue=night"),
        )
        assert spec == RunSpec(
            preset="classic.dqn",
            environment="classic:CartPole-v1",
            frames=20_000,
            seed=7,
            hyperparameters={"lr": 3e-4, "hidden": [8, 8]},
            environment_options={"max_episode_steps": 50},
            loggers=("core.tensorboard", "core.csv", "core.jsonl"),
            test_episodes=3,
            evaluation_interval=5000,
            save_freq=0,
            verbose=False,
            versions=spec.versions,
        )
        assert submitted.options == {
            "logdir": "elsewhere",
            "fresh": True,
            "quiet": True,
            "render": False,
            "jobs": 3,
            "settings": {"queue": "night"},
        }

    def test_presets_environments_and_seeds_are_combined(self, submit):
        specs = submit(*DQN, "--env", "gym:Acrobot-v1", "--seeds", "0-1,5")
        assert [(spec.environment, spec.seed) for spec in specs] == [
            (environment, seed)
            for environment in ("classic:CartPole-v1", "gym:Acrobot-v1")
            for seed in (0, 1, 5)
        ]
        assert len({spec.run_name for spec in specs if spec.environment == "gym:Acrobot-v1"}) == 3

    @pytest.mark.parametrize("change", ["lr=0.01", "lr=1e-2", "lr=1E-02"])
    def test_one_value_in_any_writing_is_one_run(self, change, submit):
        (spec,) = submit(*DQN, "--set", change)
        (same,) = submit(*DQN, "--set", "lr=.01")
        assert spec.run_name == same.run_name

    def test_a_value_that_is_the_presets_own_changes_nothing(self, submit):
        assert submit(*DQN, "--set", "lr=0.001") == submit(*DQN)

    def test_a_specification_from_a_file_is_that_run(self, submit, run_all, tmp_path):
        arguments = (*DQN, "--set", "lr=0.01", "--frames", "5k", "--seeds", "3-4")
        printed = run_all(*arguments, "--executor", "memory", "--dry-run", "--quiet").stdout
        (tmp_path / "spec.json").write_text(printed)
        assert submit("run", "--spec", tmp_path / "spec.json") == [
            RunSpec.from_json(record) for record in json.loads(printed)
        ]

    def test_other_versions_are_mentioned(self, submitted, run_all, tmp_path):
        spec = json.loads(run_all(*DQN, "--dry-run", "--quiet").stdout)
        (tmp_path / "spec.json").write_text(json.dumps({**spec, "versions": {"click": "0.1", "nobody": "1"}}))
        result = run_all("run", "--spec", tmp_path / "spec.json", "--executor", "memory")
        assert result.exit_code == 0
        assert "specified with click 0.1, but here is" in result.stderr
        assert "nobody" not in result.stderr


class TestCard:
    def test_it_says_what_will_be_run(self, submitted, run_all):
        result = run_all(*DQN, "--executor", "memory", "--set", "lr=1e-2", "--seeds", "0-2")
        for text in (
            "classic.dqn on classic:CartPole-v1",
            "100,000 agent steps\n",
            "seeds          0, 1, 2\n",
            "cpu, 1 thread\n",
            "lr 0.001 -> 0.01\n",
            "100,000 transitions",
            "100 games at the end\n",
            "runs/classic.dqn/CartPole-v1/ (3 runs)\n",
        ):
            assert text in result.stderr

    def test_emulator_frames_are_told_apart_from_agent_steps(self):
        from allcore.cli.run_card import _frames

        assert _frames(25_000, 4) == "25,000 agent steps = 100,000 emulator frames"

    def test_quiet_is_quiet(self, submitted, run_all):
        result = run_all(*DQN, "--executor", "memory", "--quiet")
        assert (result.stdout, result.stderr) == ("", "")

    def test_a_dry_run_leaves_nothing(self, submitted, run_all, tmp_path):
        result = run_all(*DQN, "--executor", "memory", "--dry-run")
        assert RunSpec.from_json(json.loads(result.stdout)).frames == 100_000
        assert submitted.specs == []
        assert list(tmp_path.iterdir()) == []


class TestEndings:
    @pytest.mark.parametrize(
        ("states", "code"),
        [
            (["finished", "already finished"], 0),
            (["submitted", "submitted"], 0),
            (["finished", "interrupted"], 130),
            (["failed", "finished"], 1),
            (["failed", "interrupted"], 1),
        ],
    )
    def test_the_worst_outcome_decides_the_exit_code(self, states, code, submitted, run_all):
        submitted.states = states
        result = run_all(*DQN, "--executor", "memory", "--seeds", "0-1", "--quiet")
        assert result.exit_code == code
        bad = [state for state in states if state in ("failed", "interrupted")]
        assert [line.split(":")[0].lower() for line in result.stderr.splitlines()] == bad

    def test_three_commands_to_try_next(self, submitted, run_all):
        lines = run_all(*DQN, "--executor", "memory", "--logdir", "my runs").stdout.splitlines()
        assert lines[0].startswith("Finished: my runs/p/e/seed0-")
        assert lines[3] == "  all plot 'my runs'"
        assert lines[4].startswith("  all evaluate 'my runs/p/e/seed0-")
        assert lines[5].startswith("  all watch 'my runs/p/e/seed0-")


WRONG = [
    (["--preset", "classic.dqm", "--env", "CartPole-v1"], "Did you mean 'classic.dqn'"),
    (["--preset", "classic.dqn", "--env", "CartPol-v1"], "Did you mean 'CartPole-v1'"),
    (["--preset", "classic.dqn", "--env", "gym:Pendulum-v1"], "cannot play"),
    (["--preset", "classic.dqn", "--env", "nowhere:Pong"], "neither a family of environments nor a module"),
    (["--preset", "classic.dqn"], "A run needs --env."),
    (["--env", "CartPole-v1"], "A run needs --preset."),
    ([], "A run needs --preset and --env."),
    (["--preset", "no_such_module:dqn", "--env", "CartPole-v1"], "Say it with --frames."),
    (["--preset", "no_such_module:dqn", "--env", "CartPole-v1", "--frames", "5"], "no_such_module"),
    ([*DQN[1:], "--set", "lrr=1"], "Did you mean 'lr'?"),
    ([*DQN[1:], "--set", "lr=fast"], "lr takes a number, not 'fast'"),
    ([*DQN[1:], "--set", "lr"], "--set takes name=value"),
    ([*DQN[1:], "--env-set", "nothing=1"], "nothing"),
    ([*DQN[1:], "--device", "cuda:99"], "cuda:99"),
    ([*DQN[1:], "--device", "toaster"], "toaster"),
    ([*DQN[1:], "--frames", "-5"], "not '-5'"),
    ([*DQN[1:], "--frames", "0"], "not '0'"),
    ([*DQN[1:], "--seeds", "4-0"], "no seed and no range"),
    ([*DQN[1:], "--seed", "1", "--seeds", "0-4"], "exclude each other"),
    ([*DQN[1:], "--logger", "cvs"], "Did you mean 'core.csv'?"),
    ([*DQN[1:], "--wrap", "paper"], "no wrapper 'paper'"),
    ([*DQN[1:], "--executor", "memry"], "Did you mean 'test.memory'?"),
    ([*DQN[1:], "--executor-set", "queu=x"], "Did you mean 'test.queue'?"),
    ([*DQN[1:], "--executor-set", "queue"], "--executor-set takes name=value"),
    ([*DQN[1:], "--jobs", "0"], "--jobs"),
    ([*DQN[1:], "--logdir", "file/below"], "is no folder"),
    ([*DQN[1:], "--spec", "file"], "leave out --preset, --env"),
    (["--spec", "file"], "cannot be read"),
    (["--spec", "nothing"], "does not exist"),
]


@pytest.mark.parametrize(("arguments", "text"), WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG])
def test_wrong_input_is_one_message_and_leaves_nothing(arguments, text, submitted, run_all, tmp_path):
    (tmp_path / "file").touch()
    result = run_all("run", "--executor", "memory", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert text in result.stderr
    assert "Traceback" not in result.stderr
    assert submitted.specs == []
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_mistake_in_the_second_run_keeps_the_first_from_starting(submitted, run_all):
    result = run_all(*DQN, "--env", "gym:Pendulum-v1", "--executor", "memory")
    assert result.exit_code == 2
    assert submitted.specs == []


def test_a_log_folder_that_may_not_be_written(submitted, run_all, tmp_path, monkeypatch):
    # Permissions mean nothing to root, who runs the tests in many containers.
    monkeypatch.setattr("os.access", lambda *_: False)
    result = run_all(*DQN, "--executor", "memory", "--logdir", tmp_path / "runs")
    assert result.exit_code == 2
    assert "may not be written" in result.stderr
