"""What every control loop shares: an agent made from a preset, training, testing."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from allcore.experiments.evaluation import evaluate_in
from allcore.experiments.training_log import TrainingLog
from allcore.experiments.viewer import Viewer
from allcore.logging import DummyLogger

if TYPE_CHECKING:
    from collections.abc import Callable

    from allcore.environments import AnyEnvironment
    from allcore.logging import Logger
    from allcore.presets import Preset


class Experiment(ABC):
    """Trains one preset's agent in one kind of environment.

    Frames are agent steps: actions that an environment really took. Starting an episode is none.

    Attributes:
        before_step: called before every step that counts. All that belongs to the frames so far has been logged then, and
            nothing that belongs to the next one: the moment to save a training (`allcore.experiments.training_state`).
    """

    #: The attributes that tell of the episodes in progress.
    _RUNNING: tuple[str, ...] = ()
    _state: Any = None

    def __init__(
        self,
        preset: Preset,
        env: AnyEnvironment,
        *,
        logger: Logger | None = None,
        train_steps: float = float("inf"),
        render: bool = False,
    ) -> None:
        """Make the preset's training agent.

        Args:
            preset: what to train.
            env: the kind of environment; evaluations use their own copies.
            logger: told of episodes, progress and losses.
            train_steps: the length of the whole training in agent steps, for schedules and the progress line.
            render: show the environment in a window while training (slow).

        Raises:
            UsageError: it is to be shown, and there is no screen.
        """
        self.preset = preset
        self.logger = logger or DummyLogger()
        self.log = TrainingLog(self.logger, train_steps, env.frame_skip)
        self._env: Any = env.renderable() if render else env
        self._owns_env = self._env is not env
        self._viewer = Viewer(env.name) if render else None
        self._agent: Any = preset.agent(logger=self.logger, train_steps=train_steps)
        self.before_step: Callable[[], None] | None = None
        self._action: Any = None  # chosen, and not taken yet

    @property
    def frame(self) -> int:
        """Agent steps taken so far."""
        return self.log.frame

    @property
    def episode(self) -> int:
        """Training episodes that have ended so far."""
        return self.log.episodes

    @abstractmethod
    def train(self, frames: float = float("inf"), episodes: float = float("inf")) -> None:
        """Train until `frames` agent steps or `episodes` episodes have been done since the experiment began.

        With several environments the last tick may overshoot by fewer steps than there are environments.
        """

    def _chosen(self, state: Any) -> Any:
        """The agent's action in `state`."""
        if self._action is None:
            self._action = self._agent.act(state)
            if self.before_step is not None and _counts(state):
                self.before_step()
        action, self._action = self._action, None
        return action

    def test(self, episodes: int = 100) -> dict[str, Any]:
        """Play `episodes` whole games without learning, and log the result.

        Returns:
            See `allcore.experiments.evaluation.evaluate`.
        """
        self.log.report()
        began = time.perf_counter()
        agent, seed = self.preset.parallel_test_agent(), self.preset.seeds.integer("evaluation")
        result = evaluate_in(agent, self._env, episodes, seed, self._report_evaluation)
        self.log.leave_out(time.perf_counter() - began)
        self.logger.evaluation({"frame": self.frame, **result})
        return result

    def _report_evaluation(self, done: int, episodes: int) -> None:
        self.logger.evaluating(done, episodes, self.frame)

    @property
    def _simulator(self) -> Any:
        """The environment, or the vector of them, that is trained in."""
        return self._env

    def close(self) -> None:
        """Free what the experiment itself has made."""
        if self._viewer is not None:
            self._viewer.close()
        if self._owns_env:
            self._env.close()


def _counts(state: Any) -> bool:
    """Whether the action that follows on a state is taken by an environment: not where all that follows are new episodes."""
    return not (bool(state.done.all()) if state.shape else state.done)
