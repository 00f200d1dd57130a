"""Looking at a trained agent play: in a window, or as a video file where there is no screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from allcore.errors import UsageError
from allcore.experiments.saved import open_run
from allcore.experiments.video import write_video
from allcore.experiments.viewer import Viewer, has_screen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import numpy as np

    from allcore.environments import AnyEnvironment

#: Longest video in agent steps: a policy that never loses would fill the disk.
MOST_STEPS = 20_000


def watch_run(
    folder: str | Path,
    *,
    video: str | Path | None = None,
    episodes: int = 1,
    fps: int = 30,
    device: str = "cpu",
    trust: Collection[str] = (),
) -> Path | None:
    """Let the agent of a run play.

    Args:
        folder: the run's folder.
        video: write an mp4 here; without it, show a window where there is a screen, else write `video.mp4` into the folder.
        episodes: whole games to show.
        fps: agent steps per second.
        device: where to put the networks.
        trust: modules whose functions the saved preset may name.

    Returns:
        The video's file, or None if it was shown in a window.

    Raises:
        CheckpointError: the run has saved no weights, or they cannot be loaded.
        UsageError: the environment cannot be looked at.
    """
    env, preset = open_run(folder, device=device, trust=trust)
    env = env.renderable()
    agent, seed = preset.test_agent(), preset.seeds.integer("evaluation")
    try:
        if video is None and has_screen():
            viewer = Viewer(str(folder), fps)
            for _ in _play(agent, env, episodes, seed):
                viewer.show(env)
            viewer.close()
            return None
        file = Path(folder, "video.mp4") if video is None else Path(video)
        return write_video(_pictures(agent, env, episodes, seed), file, fps)
    finally:
        env.close()


def _play(agent: Any, env: AnyEnvironment, episodes: int, seed: int) -> Iterator[None]:
    """Play whole games; each turn of the iterator is one state shown."""
    state: Any = env.reset(seed)
    left = episodes
    for _ in range(MOST_STEPS):
        yield
        if env.done:
            left -= 1
            if left == 0:
                return
        state = env.step(agent.act(state))


def _pictures(agent: Any, env: AnyEnvironment, episodes: int, seed: int) -> Iterator[np.ndarray]:
    for _ in _play(agent, env, episodes, seed):
        picture = env.render()
        if picture is None:
            raise UsageError(f"{env.key} cannot be looked at: it gives no picture.")
        yield picture
