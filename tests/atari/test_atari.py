import gymnasium
import numpy as np
import pytest
import torch
from ale_py.env import AtariEnv

import all_atari.emulators
from all_atari import AtariEnvironment, AtariVectorEnvironment
from all_atari.games import find_game, names
from allcore.core import State
from allcore.environments.resolve import resolve_environment
from allcore.errors import CheckpointError, DomainError, UnknownEnvironmentError, UsageError
from allcore.testing import check_states_stay


def entries(state):
    """All of a state, or of one row of an array, as bytes that can be compared."""
    return {key: np.asarray(state[key]).tobytes() for key in state.keys()}  # noqa: SIM118 not of the array's rows


def seen_frames(env, ticks):
    """The episode's emulator frames at the beginning of each episode, no-ops and FIRE included."""
    seen = []
    vector = env._emulators._vector
    step = vector.step
    vector.step = lambda actions: seen.append(step(actions)) or seen[-1]
    env.reset(seed=0)
    starts = []
    for _ in range(ticks):
        over = env.done
        env.step(0)
        if over:
            starts.append(int(seen[-1][4]["episode_frame_number"][0]))
    return starts


# ---- games


def test_the_games_are_those_that_the_ale_registers_for_one_player():
    registered = {spec.name for spec in gymnasium.registry.values() if spec.namespace == "ALE"}
    assert set(names()) == registered
    assert len(names()) > 100


@pytest.mark.parametrize("text", ["MsPacman", "mspacman", "ms_pacman", "Ms-Pacman", "Ms Pacman"])
def test_spellings(text):
    assert find_game(text) == ("MsPacman", "ms_pacman")


@pytest.mark.parametrize("text", ["Breakuot", "ALE/Breakout-v5", "BreakoutNoFrameskip-v4"])
def test_unknown_games_are_explained(text):
    with pytest.raises(UnknownEnvironmentError, match="Did you mean 'Breakout'"):
        AtariEnvironment(text)


def test_the_family():
    env = resolve_environment("Pong", domain="atari", options={"sticky_actions": 0.25})
    assert (env.key, env.name, env.frame_skip) == ("atari:Pong", "Pong", 4)
    assert env.options == {"sticky_actions": 0.25}  # and nothing that is as always
    assert AtariEnvironment(env.name, **env.options).options == env.options
    with pytest.raises(DomainError, match="'atari'"):
        resolve_environment("Pong", domain="classic")
    with pytest.raises(UnknownEnvironmentError, match="Did you mean 'Pong'"):
        resolve_environment("Pongg", domain="atari")
    with pytest.raises(UsageError, match="no option 'stickiness'"):
        resolve_environment("Pong", domain="atari", options={"stickiness": 0.25})


@pytest.mark.parametrize(
    "options",
    [
        {"frame_skip": 0},
        {"noop_max": -1},
        {"sticky_actions": 1.5},
        {"screen_size": 0},
        {"frame_skip": "four"},
        {"noop_max": True},
        {"sticky_actions": "often"},
        {"fire_reset": "no"},
    ],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(UsageError, match=next(iter(options))):
        AtariEnvironment("Pong", **options)


# ---- what a step gives


def test_spaces_and_states():
    env = AtariEnvironment("Breakout")
    state = env.reset(seed=0)
    assert env.observation_space == gymnasium.spaces.Box(0, 255, (1, 84, 84), np.uint8)
    assert env.action_space == gymnasium.spaces.Discrete(4)
    assert state.observation.dtype == torch.uint8
    assert state.observation.shape == (1, 84, 84)
    assert (state.reward, state.done, state.mask, state["life_lost"]) == (0.0, False, 1.0, False)
    array = env.duplicate(2).reset(seed=0)
    assert array.observation.shape == (2, 1, 84, 84)
    types = {key: array[key].dtype for key in array.keys()}  # noqa: SIM118
    assert types == {
        "observation": torch.uint8,
        "reward": torch.float32,
        "done": torch.bool,
        "mask": torch.float32,
        "life_lost": torch.bool,
    }


def test_states_do_not_change_when_the_game_goes_on():
    vector = AtariVectorEnvironment("Breakout", 2)
    first = vector.reset(seed=0)
    before = first.observation.clone()
    for _ in range(5):
        vector.step([1, 2])
    assert torch.equal(first.observation, before)


def test_rewards_are_raw():
    env = AtariEnvironment("MsPacman")
    env.reset(seed=0)
    assert max(env.step(2).reward for _ in range(100)) == 10.0


def test_other_sizes_and_skips():
    env = AtariEnvironment("Pong", screen_size=42, frame_skip=2, full_action_space=True)
    assert env.reset(seed=0).observation.shape == (1, 42, 42)
    assert (env.frame_skip, env.action_space.n) == (2, 18)
    assert env.duplicate(2).frame_skip == 2


@pytest.mark.parametrize("action", [-1, 4])
def test_an_action_that_the_game_does_not_have(action):
    env = AtariEnvironment("Breakout")
    env.reset(seed=0)
    with pytest.raises(UsageError, match="0 to 3"):
        env.step(action)
    assert env.step(3).done is False


def test_before_the_first_reset_and_after_the_end():
    env = AtariEnvironment("Breakout")
    for ask in (lambda: env.state, lambda: env.step(0), env.render):
        with pytest.raises(UsageError, match="Call reset"):
            ask()
    env.close()
    env.close()
    with pytest.raises(UsageError, match="at least one"):
        AtariVectorEnvironment("Breakout", 0)


# ---- how episodes start and end


@pytest.mark.parametrize(("game", "expected"), [("Breakout", range(1, 30)), ("Freeway", range(30))])
def test_the_no_ops_that_are_really_drawn(game, expected):
    env = AtariEnvironment(game, max_episode_frames=4)  # every step ends the episode
    starts = seen_frames(env, 500)
    assert len(starts) == 250
    assert set(starts) == set(expected)  # FIRE and 0 to 28 no-ops; 0 to 29 no-ops
    if game == "Breakout":
        assert 8 < starts.count(1) < 28  # 0 is drawn twice as often as others: 250 * 2/30 = 17


@pytest.mark.parametrize(
    ("game", "options", "frames"),
    [
        ("Breakout", {"noop_max": 0}, {1}),
        ("Breakout", {"noop_max": 0, "fire_reset": False}, {0}),
        ("Breakout", {"noop_max": 0, "full_action_space": True}, {1}),
        ("Freeway", {"noop_max": 0}, {0}),
        (
            "Freeway",
            {"noop_max": 0, "full_action_space": True},
            {0},
        ),  # the full set has FIRE, the game has not
    ],
)
def test_fire_is_pressed_where_the_game_has_it(game, options, frames):
    env = AtariEnvironment(game, max_episode_frames=4, **options)
    assert set(seen_frames(env, 10)) == frames


def test_fire_is_what_starts_breakout():
    env = AtariEnvironment("Breakout", noop_max=0, frame_skip=1)
    raw = AtariEnv("breakout", frameskip=1, repeat_action_probability=0.0, render_mode="rgb_array")
    raw.reset(seed=0)
    env.reset(seed=0)
    raw.step(1)
    for _ in range(40):
        env.step(0)
        raw.step(0)
    assert np.array_equal(env.render(), raw.render())


def test_a_game_cut_off_is_truncated_and_goes_on_anew():
    env = AtariEnvironment("Breakout", max_episode_frames=12)
    env.reset(seed=0)
    ends = [(state.done, state.mask, state.reward) for state in [env.step(2) for _ in range(8)]]
    kept, cut = (False, 1.0, 0.0), (True, 1.0, 0.0)
    assert ends == [kept, kept, cut, kept, kept, kept, cut, kept]


@pytest.mark.slow
def test_a_game_without_end_is_cut_off_after_half_an_hour():
    env = AtariEnvironment("Breakout", fire_reset=False)  # without FIRE the ball never comes
    env.reset(seed=0)
    steps = next(step for step in range(1, 30_000) if env.step(0).done)
    assert (steps, env.mask) == (27_000, 1.0)


def test_a_game_lost_is_terminated_and_lives_lost_before_are_reported():
    env = AtariEnvironment("Breakout")
    env.reset(seed=0)
    generator = np.random.default_rng(0)
    lost = 0
    while not env.done:
        state = env.step(int(generator.integers(4)))
        lost += state["life_lost"]
        assert not (state["life_lost"] and state.done)
    assert (lost, env.mask) == (4, 0.0)  # five lives; the fifth ends the game
    state = env.step(0)
    assert (state.reward, state.done, state.mask, state["life_lost"]) == (0.0, False, 1.0, False)


# ---- seeds


@pytest.fixture
def short_stretches(monkeypatch):
    """Stretches of one or two episodes, so that a few hundred steps hold several."""
    monkeypatch.setattr(all_atari.emulators, "RESEED_AFTER", 150)


def play(env, steps, width, seed=0, rows=slice(None)):
    """The states of the next steps, each environment with a stream of actions of its own."""
    generators = [np.random.default_rng((seed, row)) for row in range(width)]
    seen = []
    for _ in range(steps):
        actions = [int(generator.integers(4)) for generator in generators]
        state = env.step(actions[0] if isinstance(env, AtariEnvironment) else torch.tensor(actions))
        seen.append(state)
    return seen


def test_environments_of_a_vector_are_independent_and_the_first_is_the_single_one(short_stretches):
    single = AtariEnvironment("Breakout", sticky_actions=0.25)
    one, three = single.duplicate(1), single.duplicate(3)
    for env in (single, one, three):
        env.reset(seed=11)
    played = [play(single, 500, 1), play(one, 500, 1), play(three, 500, 3)]
    ends = sum(state.done for state in played[0])
    assert ends >= 2
    assert single._emulators.stretches[0] >= 1
    for alone, of_one, of_three in zip(*played, strict=True):
        assert entries(alone) == entries(State(of_one[0]._entries)) == entries(State(of_three[0]._entries))
        assert not torch.equal(of_three.observation[1], of_three.observation[2]) or of_three.done.any()


def test_the_same_seed_gives_the_same_games_and_another_one_others():
    env = AtariEnvironment("Breakout", sticky_actions=0.25)
    runs = []
    for seed in (3, 3, 4):
        first = env.reset(seed=seed)
        runs.append([entries(state) for state in [first, *play(env, 300, 1)]])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_environments_of_a_vector_start_differently():
    frames = AtariVectorEnvironment("Breakout", 4).reset(seed=0).observation
    assert len({frame.numpy().tobytes() for frame in frames}) > 1


def test_reset_without_a_seed_starts_another_episode():
    env = AtariEnvironment("Breakout")
    first = env.reset(seed=3).observation
    env.step(0)
    second = env.reset()
    assert (second.reward, second.done) == (0.0, False)
    assert not torch.equal(second.observation, first)
    unseeded = AtariEnvironment("Breakout"), AtariEnvironment("Breakout")
    assert unseeded[0].reset() is unseeded[0].state
    unseeded[1].reset()
    assert unseeded[0]._emulators.root != unseeded[1]._emulators.root


def test_reset_of_a_finished_game_is_a_step():
    one, other = (
        AtariEnvironment("Breakout", max_episode_frames=8),
        AtariEnvironment("Breakout", max_episode_frames=8),
    )
    for env in (one, other):
        env.reset(seed=3)
        play(env, 2, 1)
        assert env.done
    assert entries(one.reset()) == entries(other.step(3))


def test_a_seed_given_to_a_finished_game_starts_afresh():
    env = AtariEnvironment("Breakout", max_episode_frames=8)
    first = env.reset(seed=3)
    play(env, 2, 1)
    assert env.done
    assert entries(env.reset(seed=3)) == entries(first)
    vector = env.duplicate(2)
    assert not vector.reset(seed=3).done.any()
    play(vector, 2, 2)
    assert not vector.reset(seed=3).done.any()


# ---- saving


@pytest.mark.parametrize("steps", [0, 1, 150, 400])
def test_a_saved_moment_is_found_again(short_stretches, steps):
    env = AtariEnvironment("Breakout", sticky_actions=0.25)
    env.reset(seed=5)
    play(env, steps, 1)
    other = AtariEnvironment("Breakout", sticky_actions=0.25)
    other.load_state_dict(env.state_dict())
    assert entries(other.state) == entries(env.state)
    for one, two in zip(play(env, 200, 1, seed=1), play(other, 200, 1, seed=1), strict=True):
        assert entries(one) == entries(two)
    assert np.array_equal(env.render(), other.render())


def test_a_saved_vector_is_found_again_wherever_its_games_stand(short_stretches):
    # Games of Berzerk are short, and unlike Breakout it moves by itself: one step too many would show.
    make = AtariEnvironment("Berzerk", sticky_actions=0.25).duplicate
    env = make(3)
    env.reset(seed=5)
    extra = iter(range(100, 1000))
    for chunk in range(4):
        play(env, 67, 3, seed=chunk)
        while chunk == 2 and not env.state_array.done.any():  # once at the moment at which a game is over
            play(env, 1, 3, seed=next(extra))
        other = make(3)
        other.load_state_dict(env.state_dict())
        assert entries(other.state_array) == entries(env.state_array)
    assert len(set(env._emulators.lengths.tolist())) == 3  # they stand at different times in their stretches
    for one, two in zip(play(env, 200, 3, seed=9), play(other, 200, 3, seed=9), strict=True):
        assert entries(one) == entries(two)


def test_an_environment_saved_before_its_first_reset():
    env = AtariEnvironment("Breakout")
    env.load_state_dict(env.state_dict())
    with pytest.raises(UsageError, match="Call reset"):
        _ = env.state


def test_a_moment_of_another_number_of_environments_is_refused():
    one = AtariEnvironment("Breakout")
    one.reset(seed=0)
    with pytest.raises(CheckpointError, match="1 emulators, and there are 2"):
        one.duplicate(2).load_state_dict(one.state_dict())


@pytest.mark.parametrize("n", [None, 2])
def test_states_stay_as_they_were_handed_out(n):
    env = AtariEnvironment("Pong")
    check_states_stay(env if n is None else env.duplicate(n), ticks=20)
