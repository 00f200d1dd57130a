"""With no-ops and FIRE off, our frames are those of Gymnasium's AtariPreprocessing, byte for byte."""

import gymnasium
import numpy as np
import pytest
from ale_py.env import AtariEnv
from gymnasium.wrappers import AtariPreprocessing

from all_atari import AtariEnvironment


def reference_environment(rom, **options):
    raw = AtariEnv(rom, frameskip=1, repeat_action_probability=0.0, **options)
    return AtariPreprocessing(raw, noop_max=0, frame_skip=4)


# Freeway and MsPacman have no FIRE. With these seeds and actions Breakout and Pong lose a game within the steps.
@pytest.mark.parametrize(
    ("game", "rom", "steps", "ends"),
    [
        ("Breakout", "breakout", 400, True),
        ("Freeway", "freeway", 300, False),
        ("MsPacman", "ms_pacman", 600, True),
        ("Pong", "pong", 300, False),
        ("Seaquest", "seaquest", 400, True),
    ],
)
def test_frames_rewards_and_ends_are_gymnasiums(game, rom, steps, ends):
    ours = AtariEnvironment(game, noop_max=0, fire_reset=False)
    reference = reference_environment(rom)
    state, (frame, info) = ours.reset(seed=0), reference.reset(seed=0)
    lives, ended, lost = info["lives"], False, 0
    generator = np.random.default_rng(1)
    for _ in range(steps):
        assert np.array_equal(state.observation[0].numpy(), frame)
        if state.done:
            ended = True
            state, (frame, info) = ours.step(0), reference.reset()
            assert (state.reward, state.done, state.mask, state["life_lost"]) == (0.0, False, 1.0, False)
        else:
            action = int(generator.integers(ours.action_space.n))
            state = ours.step(action)
            frame, reward, terminated, truncated, info = reference.step(action)
            assert state.reward == reward
            assert (state.done, state.mask) == (terminated, 1.0 - terminated)
            assert not truncated
            assert state["life_lost"] == (info["lives"] < lives and not terminated)
            lost += state["life_lost"]
        lives = info["lives"]
    assert ended == ends
    assert (lost > 0) == (game not in ("Freeway", "Pong"))


def test_a_truncated_game_ends_like_gymnasiums_time_limit():
    ours = AtariEnvironment("Breakout", noop_max=0, fire_reset=False, max_episode_frames=40)
    reference = gymnasium.wrappers.TimeLimit(reference_environment("breakout"), 10)
    ours.reset(seed=0)
    reference.reset(seed=0)
    for step in range(1, 11):
        state = ours.step(1)
        _, reward, terminated, truncated, _ = reference.step(1)
        assert (state.done, state.mask, state.reward) == (truncated, 1.0 - terminated, reward)
        assert state.done == (step == 10)


def test_pictures_are_the_screen_in_colour():
    ours = AtariEnvironment("MsPacman", noop_max=0, fire_reset=False)
    raw = AtariEnv("ms_pacman", frameskip=1, repeat_action_probability=0.0, render_mode="rgb_array")
    raw.reset(seed=0)
    ours.reset(seed=0)
    assert np.array_equal(ours.render(), raw.render())
    for action in [0, 1, 2, 3] * 20:
        ours.step(action)
        screens = [raw.step(action) and raw.render() for _ in range(4)]
    assert np.array_equal(ours.render(), np.maximum(screens[-2], screens[-1]))
    # However often one looks, and in a new game as in the first.
    assert np.array_equal(ours.render(), np.maximum(screens[-2], screens[-1]))
    ours.reset(seed=0)
    raw.reset(seed=0)
    ours.step(4)
    screens = [raw.step(4) and raw.render() for _ in range(4)]
    assert np.array_equal(ours.render(), np.maximum(screens[-2], screens[-1]))
