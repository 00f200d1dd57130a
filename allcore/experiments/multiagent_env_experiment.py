"""The control loop of several agents that take turns in one environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.experiments.experiment import Experiment
from allcore.experiments.statistics import summarise
from allcore.experiments.training_log import EPISODES_PER_SUMMARY

if TYPE_CHECKING:
    from allcore.core import MultiagentState


class MultiagentEnvExperiment(Experiment):
    """One `MultiagentEnvironment`, one `Multiagent`.

    Frames are actions that the environment really took, whosever they were. An episode's return is the mean of the agents'
    returns; the return of each is logged as `return/<agent>`, and every 100 of them as `returns100/<agent>`.
    """

    _state: MultiagentState | None = None
    _length = 0
    _RUNNING = ("_returns", "_length", "_recent")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what `Experiment` takes."""
        super().__init__(*args, **kwargs)
        self._returns = dict.fromkeys(self._env.agents, 0.0)
        self._recent: dict[str, list[float]] = {agent: [] for agent in self._env.agents}

    def train(self, frames: float = float("inf"), episodes: float = float("inf")) -> None:
        """Train until `frames` agent steps or `episodes` episodes have been done since the experiment began."""
        log, env = self.log, self._env
        state = self._state
        if state is None:
            state = self._state = env.reset(self.preset.seeds.integer("environment"))
            self._returns[state.agent] += state.reward
        while log.frame < frames and log.episodes < episodes:
            # Every agent sees its own final state too; the environment ignores what it answers.
            action = self._chosen(state)
            stepped = not state.done
            state = self._state = env.step(action)
            log.frame += stepped
            self._length += stepped
            self._returns[state.agent] += state.reward
            if env.done:
                self._end_episode()
            if self._viewer is not None:
                self._viewer.show(env)
            log.tick()

    def test(self, episodes: int = 100) -> dict[str, Any]:
        """Play `episodes` whole games without learning, and log the result, also of each agent.

        Returns:
            See `allcore.experiments.multiagent_evaluation.evaluate_multiagent`.
        """
        result = super().test(episodes)
        for agent, theirs in result["agents"].items():
            self.logger.scalar(f"evaluation/{agent}", theirs["mean"], self.frame)
        return result

    def _end_episode(self) -> None:
        for agent, value in self._returns.items():
            self.logger.scalar(f"return/{agent}", value, self.frame)
            self._recent[agent].append(value)
            if len(self._recent[agent]) == EPISODES_PER_SUMMARY:
                self.logger.summary(f"returns100/{agent}", summarise(self._recent[agent]), self.frame)
                self._recent[agent].clear()
        self.log.episode(sum(self._returns.values()) / len(self._returns), self._length)
        self._returns = dict.fromkeys(self._env.agents, 0.0)
        self._length = 0
