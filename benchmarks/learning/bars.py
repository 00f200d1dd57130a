"""What is held against which bar, written down before it is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Bar:
    """The protocol of one preset in one environment.

    Attributes:
        least: the lower end of the interval of the interquartile mean return must not be below it; with `by_mean`, the mean.
        frames: the longest training that counts, in agent steps.
        seeds: exactly these are trained.
        episodes: games of the final evaluation of each seed.
        source: where the number comes from.
        settings: hyperparameters that differ from the preset's own because they count agent steps and the training is
            shorter than the one that they were made for, or because an update is computed faster with them.
        by_mean: the plain mean over the seeds is held against the bar, which is itself a mean less one standard deviation
            over seeds: with three seeds, the interval's lower end is about the worst of them.
    """

    least: float
    frames: int
    seeds: tuple[int, ...]
    episodes: int = 100
    source: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    by_mean: bool = False


TEN = tuple(range(10))
FIVE = tuple(range(5))  # where a seed costs more than five minutes of a processor core
SOLVED = "Gymnasium's reward_threshold"
ZOO = "rl-baselines3-zoo, benchmark.md: mean less one standard deviation"
CLEANRL = "CleanRL, mean less one standard deviation"
SIMBA = "SAC in SimbaV2's baseline files, Gymnasium v4: mean less one standard deviation"
RANDOM = "five times the return of random actions"

BEGUN = "learning has begun: random actions reach -20.7"
GATE = "the least of what libraries report after 10,000,000 agent steps, less what seeds differ by"

_CARTPOLE = "classic:CartPole-v1"
_ACROBOT = "classic:Acrobot-v1"
_PENDULUM = "continuous:Pendulum-v1"

#: By preset and environment, both as full keys; the cheap ones first.
BARS: dict[tuple[str, str], Bar] = {
    **{
        (f"classic.{agent}", _CARTPOLE): Bar(least=475.0, frames=100_000, seeds=TEN, source=SOLVED)
        for agent in ("dqn", "ppo", "pqn", "ddqn", "qrdqn", "c51", "iqn", "rainbow", "discrete_sac")
    },
    ("classic.a2c", _CARTPOLE): Bar(least=475.0, frames=500_000, seeds=TEN, source=SOLVED),
    **{
        (f"classic.{agent}", _CARTPOLE): Bar(least=5 * 22.2, frames=100_000, seeds=TEN, source=RANDOM)
        for agent in ("vac", "vpg", "vqn", "vsarsa")
    },
    ("classic.dqn_tiles", "classic:MountainCar-v0"): Bar(
        least=-110.0, frames=120_000, seeds=TEN, source=SOLVED
    ),
    ("classic.dqn", _ACROBOT): Bar(least=-76.6 - 11.8, frames=100_000, seeds=TEN, source=ZOO),
    ("classic.qrdqn", _ACROBOT): Bar(least=-69.1 - 10.0, frames=100_000, seeds=TEN, source=ZOO),
    ("classic.ppo", _ACROBOT): Bar(least=-73.5 - 18.2, frames=1_000_000, seeds=TEN, source=ZOO),
    ("classic.pqn", _ACROBOT): Bar(least=-95.6 - 5.7, frames=500_000, seeds=TEN, source=CLEANRL),
    **{
        (f"continuous.{agent}", _PENDULUM): Bar(
            least=-170.0, frames=20_000, seeds=seeds, source="rl-baselines3-zoo, benchmark.md: -151 to -157"
        )
        for agent, seeds in (("sac", TEN), ("td3", TEN), ("tqc", FIVE), ("crossq", FIVE))
    },
    ("continuous.ddpg", _PENDULUM): Bar(
        least=-200.0, frames=20_000, seeds=TEN, source="rl-baselines3-zoo, benchmark.md: -152"
    ),
    ("continuous.ppo", _PENDULUM): Bar(
        least=-190.0, frames=100_000, seeds=TEN, source="rl-baselines3-zoo, benchmark.md: -172"
    ),
    ("pettingzoo.independent", "pettingzoo:simple_speaker_listener_v4"): Bar(
        least=-79.0 / 2, frames=100_000, seeds=FIVE, source="half of what random actions lose: -79"
    ),
    **{
        ("mujoco.sac_tuned", f"mujoco:{task}-v4"): Bar(
            least=least,
            frames=100_000,
            seeds=(0, 1, 2),
            source=SIMBA,
            settings={"compiled": True},
            by_mean=True,
        )
        for task, least in (("HalfCheetah", 6156.0 - 700.0), ("Hopper", 1103.0 - 368.0))
    },
    ("atari.dqn_tuned", "atari:Pong"): Bar(
        least=-15.0, frames=1_000_000, seeds=(0,), episodes=20, source=BEGUN
    ),
    ("atari.ppo2", "atari:Pong"): Bar(
        least=-15.0,
        frames=2_000_000,
        seeds=(0,),
        episodes=20,
        source=BEGUN,
        settings={"precision": "bfloat16"},
    ),
    ("atari.pqn", "atari:Pong"): Bar(
        least=-15.0,
        frames=2_000_000,
        seeds=(0,),
        episodes=20,
        source=BEGUN,
        settings={"final_exploration_step": 200_000, "precision": "bfloat16"},
    ),
}

#: What wants a machine with a GPU: 10,000,000 agent steps (40,000,000 emulator frames) of each.
ATARI_10M: dict[tuple[str, str], Bar] = {
    (f"atari.{preset}", f"atari:{game}"): Bar(
        least=least, frames=10_000_000, seeds=(0, 1, 2), source=GATE, settings=settings
    )
    for preset, settings, gates in (
        ("dqn_tuned", {}, {"Pong": 19.0, "Breakout": 320.0}),
        ("ppo2", {}, {"Pong": 20.0, "Breakout": 370.0}),
        ("pqn", {"final_exploration_step": 1_000_000}, {"Pong": 20.0, "Breakout": 370.0}),
    )
    for game, least in gates.items()
}

#: By the name of the folder that the results go to, below benchmarks/results/.
SUITES: dict[str, dict[tuple[str, str], Bar]] = {"learning": BARS, "learning-atari-10m": ATARI_10M}
