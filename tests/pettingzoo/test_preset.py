"""`pettingzoo.independent` from the command line to the last evaluation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from all_pettingzoo.games import make
from all_pettingzoo.presets import independent
from allcore.agents import Multiagent
from allcore.cli import main
from allcore.core import MultiagentState
from allcore.experiments import MultiagentEnvExperiment
from allcore.experiments.multiagent_evaluation import evaluate_multiagent
from allcore.presets import load_preset

SMALL = "replay_start_size=50,hidden=16,16"


def _all(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_run_from_the_command_line(tmp_path: Path) -> None:
    logdir = str(tmp_path)
    run = ("run", "--preset", "pettingzoo.independent", "--env", "tictactoe", "--logdir", logdir, "--quiet")
    _all(*run, "--frames", "1500", "--test-episodes", "3", "--set", f"settings={SMALL}")
    (folder,) = tmp_path.glob("pettingzoo.independent/tictactoe_v3/*")
    listed = json.loads(_all("runs", logdir, "--json"))
    assert [(each["state"], each["frame"]) for each in listed] == [("finished", 1500)]
    for player in ("player_1", "player_2"):
        assert (folder / f"returns100.{player}.csv").read_text().startswith("frame,mean")
    evaluated = json.loads(_all("evaluate", str(folder), "--episodes", "3", "--json"))
    last = (folder / "evaluations.csv").read_text().splitlines()[-1].split(",")
    assert evaluated["mean"] == float(last[2])
    assert evaluated["agents"].keys() == {"player_1", "player_2"}
    assert "mean return of player_2" in _all("evaluate", str(folder), "--episodes", "1")
    _all("plot", logdir, "--out", str(tmp_path / "returns.png"))
    _all("watch", str(folder), "--video", str(tmp_path / "game.mp4"))
    assert (tmp_path / "game.mp4").stat().st_size > 0


def test_mistakes_show_no_traceback(tmp_path: Path) -> None:
    run = ("run", "--preset", "pettingzoo.independent", "--logdir", str(tmp_path), "--frames", "10")
    for arguments, message in (
        (("--env", "tictactoe", "--set", "agent=continuous.sac"), "cannot play"),
        (("--env", "gym:CartPole-v1"), "for a single agent"),
        (("--env", "tictactoe", "--set", "players=player_0=classic.ppo"), "Its players are|Did you mean"),
    ):
        result = CliRunner().invoke(main, [*run, *arguments])
        assert result.exit_code == 2
        assert any(part in result.stderr for part in message.split("|"))
    assert list(tmp_path.iterdir()) == []


def test_everything_learns_and_is_saved(tmp_path: Path) -> None:
    env = make("leduc_holdem") if pytest.importorskip("rlcard") else None
    builder = independent.hyperparameters(
        players="player_1=classic.ppo",
        settings="hidden=16,16,player_0.replay_start_size=50,player_1.n_steps=16,player_1.n_minibatches=1",
    )
    preset = builder.env(env).seed(0).build()
    before = [parameter.clone() for parameter in preset.parameters()]
    experiment = MultiagentEnvExperiment(preset, env, train_steps=500)
    experiment.train(frames=500)
    assert experiment.frame == 500
    assert not any(torch.equal(x, y) for x, y in zip(before, preset.parameters(), strict=True))
    preset.save(tmp_path / "preset")
    mine, its = preset.test_agent(), load_preset(tmp_path / "preset").test_agent()
    state = env.reset(seed=1)
    for _ in range(40):
        action = mine.act(state)
        assert torch.equal(action, its.act(state))
        state = env.step(action)


class AgainstChance(Multiagent):
    """One player of a trained agent against others that draw legal actions at random."""

    def __init__(self, agent: Any, player: str | None) -> None:
        self.agent, self.player, self.generator = agent, player, np.random.default_rng(0)

    def act(self, multiagent_state: MultiagentState) -> Any:
        if multiagent_state.agent == self.player:
            return self.agent.act(multiagent_state)
        return int(self.generator.integers(9))  # an illegal one is replaced by any legal one


@pytest.mark.learning
@pytest.mark.parametrize("key", ["classic.dqn", "classic.ppo"])
def test_it_beats_chance_at_noughts_and_crosses(key: str) -> None:
    """Who begins and plays at random against another wins 0.297 more often than it loses (by enumeration)."""
    env = make("tictactoe")
    more = ",n_steps=256" if key == "classic.ppo" else ""
    preset = (
        independent.hyperparameters(agent=key, settings=f"hidden=128,128{more}").env(env).seed(90).build()
    )
    MultiagentEnvExperiment(preset, env, train_steps=20_000).train(frames=20_000)
    result = evaluate_multiagent(AgainstChance(preset.test_agent(), "player_1"), env.duplicate(), 200, 0)
    assert result["agents"]["player_1"]["mean"] > 0.5
