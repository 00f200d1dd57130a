"""What is held against which bar, written down before it is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Bar:
    """The protocol of one preset in one environment.

    Attributes:
        least: the lower end of the interval of the interquartile mean return must not be below it.
        frames: the longest training that counts, in agent steps.
        seeds: exactly these are trained.
        episodes: games of the final evaluation of each seed.
        source: where the number comes from.
    """

    least: float
    frames: int
    seeds: tuple[int, ...]
    episodes: int = 100
    source: str


#: By preset and environment, both as full keys.
BARS: dict[tuple[str, str], Bar] = {
    ("classic.dqn", "classic:CartPole-v1"): Bar(
        least=475.0, frames=100_000, seeds=tuple(range(10)), source="Gymnasium's reward_threshold"
    ),
}
