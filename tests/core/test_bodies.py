import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from allcore.agents import Agent
from allcore.bodies import Body, ClipRewards, EpisodicLives, FrameStack, TimeFeature
from allcore.core import State, StateArray
from allcore.errors import UsageError


class Recorder(Agent):
    """Keeps what it sees and answers with the number of states seen."""

    def __init__(self):
        self.seen = []

    def act(self, state):
        self.seen.append(state)
        return len(self.seen)

    def state_dict(self):
        return {"count": len(self.seen)}

    def load_state_dict(self, state):
        self.loaded = state


def frame(number):
    return torch.full((1, 2, 2), number, dtype=torch.uint8)


def numbers(observation):
    """The number that fills each channel."""
    return observation[..., 0, 0].tolist()


def array(values, done):
    return StateArray(
        {"observation": torch.stack([frame(v) for v in values]), "done": torch.tensor(done)}, (len(values),)
    )


# ---- Body


def test_a_body_changes_states_and_actions_and_hands_on_what_is_saved():
    class Doubler(Body):
        def process_state(self, state):
            return state.update("reward", 2 * state.reward)

        def process_action(self, action):
            return -action

    agent = Recorder()
    body = Doubler(agent)
    state = State({"observation": frame(0), "reward": 3.0})
    assert body.act(state) == -1
    assert agent.seen[0].reward == 6.0
    assert state.reward == 3.0
    assert body.state_dict() == {"agent": {"count": 1}}
    body.load_state_dict({"agent": {"count": 7}})
    assert agent.loaded == {"count": 7}


def test_a_body_that_changes_nothing_hands_on_the_same_state():
    agent = Recorder()
    state = State({"observation": frame(0)})
    assert Body(agent).act(state) == 1
    assert agent.seen[0] is state


# ---- ClipRewards


@pytest.mark.parametrize(("reward", "sign"), [(7.5, 1.0), (-0.1, -1.0), (0.0, 0.0)])
def test_rewards_become_signs(reward, sign):
    clip = ClipRewards(Recorder())
    clipped = clip.process_state(State({"observation": frame(0), "reward": reward})).reward
    assert clipped == sign
    assert isinstance(clipped, float)
    rewards = torch.tensor([reward, 4.0])
    states = array([0, 1], [False, False]).update("reward", rewards)
    assert clip.process_state(states).reward.tolist() == [sign, 1.0]
    assert rewards[1] == 4.0


# ---- EpisodicLives


def test_a_life_lost_ends_the_hope_but_not_the_game():
    agent = Recorder()
    lives = EpisodicLives(agent)
    lost = State({"observation": frame(0), "life_lost": True})
    lives.act(lost)
    assert (agent.seen[0].mask, agent.seen[0].done, lost.mask) == (0.0, False, 1.0)
    kept = State({"observation": frame(0), "life_lost": False})
    lives.act(kept)
    assert agent.seen[1] is kept
    without_lives = State({"observation": frame(0)})
    assert lives.process_state(without_lives) is without_lives


def test_lives_lost_in_some_of_several_environments():
    states = array([0, 1, 2], [False, True, False]).update("life_lost", torch.tensor([True, False, False]))
    seen = EpisodicLives(Recorder()).process_state(states)
    assert seen.mask.tolist() == [0.0, 0.0, 1.0]
    assert seen.done.tolist() == [False, True, False]
    assert states.mask.tolist() == [1.0, 0.0, 1.0]


def test_a_state_taken_out_of_several_has_lost_its_life_as_well():
    """Its entry `life_lost` is a tensor still, while its mask is a number."""
    states = StateArray({"observation": torch.zeros(2, 1), "life_lost": torch.tensor([True, False])}, (2,))
    assert [EpisodicLives(Recorder()).process_state(states[index]).mask for index in (0, 1)] == [0.0, 1.0]


def test_a_truncated_state_without_a_loss_keeps_its_mask():
    state = State({"observation": frame(0), "done": True, "mask": 1.0, "life_lost": False})
    assert EpisodicLives(Recorder()).process_state(state).mask == 1.0


# ---- FrameStack


def test_the_first_frame_is_repeated_and_never_one_of_the_game_before():
    agent = Recorder()
    body = FrameStack(agent, size=3)
    for number, done in [(1, False), (2, False), (3, True), (4, False), (5, True), (6, True), (7, False)]:
        body.act(State({"observation": frame(number), "done": done}))
    stacks = [numbers(state.observation) for state in agent.seen]
    assert stacks == [[1, 1, 1], [1, 1, 2], [1, 2, 3], [4, 4, 4], [4, 4, 5], [6, 6, 6], [7, 7, 7]]
    newest, size = agent.seen[2].frames("observation")
    assert numbers(newest) == [3]
    assert size == 3


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=12), st.integers(1, 4))
def test_stacks_of_several_environments_equal_those_of_each_alone(dones, size):
    agent, singles = Recorder(), [Recorder() for _ in range(3)]
    body, bodies = FrameStack(agent, size), [FrameStack(single, size) for single in singles]
    for time, done in enumerate(dones):
        states = array([10 * time, 10 * time + 1, 10 * time + 2], done)
        body.act(states)
        for index, single in enumerate(bodies):
            single.act(states[index])
    for time in range(len(dones)):
        assert agent.seen[time].observation.shape == (3, size, 2, 2)
        for index, single in enumerate(singles):
            assert torch.equal(agent.seen[time].observation[index], single.seen[time].observation)


def test_what_was_handed_out_does_not_change():
    agent = Recorder()
    body = FrameStack(agent, size=2)
    body.act(array([1, 2], [False, True]))
    before = agent.seen[0].observation.clone()
    body.act(array([3, 4], [True, True]))
    body.act(array([5, 6], [False, False]))
    assert torch.equal(agent.seen[0].observation, before)
    assert numbers(agent.seen[1].observation) == [[1, 3], [4, 4]]


def test_frames_are_not_copied():
    agent = Recorder()
    body = FrameStack(agent, size=4)
    first = State({"observation": frame(1)})
    body.act(first)
    assert all(kept is first["observation"] for kept in agent.seen[0]._entries["observation"].frames)


@pytest.mark.parametrize("last_done", [False, True])
def test_a_saved_stack_goes_on(last_done):
    agents = Recorder(), Recorder()
    one, other = (FrameStack(agent, size=3) for agent in agents)
    for number in (1, 2):
        one.act(State({"observation": frame(number), "done": last_done and number == 2}))
    other.load_state_dict(one.state_dict())
    for body in (one, other):
        body.act(State({"observation": frame(3)}))
    assert torch.equal(agents[0].seen[-1].observation, agents[1].seen[-1].observation)


def test_an_end_may_be_numpys():
    agent = Recorder()
    body = FrameStack(agent, size=2)
    for number, done in [(1, False), (2, True), (3, False)]:
        body.act(State({"observation": frame(number), "done": np.bool_(done)}))
    assert [numbers(state.observation) for state in agent.seen] == [[1, 1], [1, 2], [3, 3]]


def test_an_observation_of_several_parts_is_refused_at_once():
    state = State({"observation.image": frame(1), "observation.pose": torch.zeros(2)})
    with pytest.raises(UsageError, match="several parts: image, pose"):
        FrameStack(Recorder()).act(state)


@pytest.mark.parametrize(("body", "shape"), [(FrameStack, (1, 2, 2)), (TimeFeature, (2,))])
def test_what_was_loaded_follows_the_states_to_their_device(body, shape):
    # The device `meta` has no numbers, but like any other it cannot be mixed with the CPU.
    saved, resumed = body(Recorder()), body(Recorder())
    saved.act(State({"observation": torch.zeros(shape)}))
    resumed.load_state_dict(saved.state_dict())
    seen = resumed.process_state(State({"observation": torch.zeros(shape, device="meta")}))
    assert seen.observation.device.type == "meta"


# ---- TimeFeature


def test_time_counts_from_each_episodes_beginning():
    agent = Recorder()
    body = TimeFeature(agent, scale=0.5)
    for done in (False, True, False, False):
        body.act(State({"observation": torch.tensor([9.0]), "done": done}))
    seen = [state.observation.tolist() for state in agent.seen]
    assert seen == [[9.0, 0.0], [9.0, 0.5], [9.0, 0.0], [9.0, 0.5]]


def test_time_of_several_environments_and_after_loading():
    def states(done):
        return StateArray({"observation": torch.zeros(2, 1), "done": torch.tensor(done)}, (2,))

    agent = Recorder()
    body = TimeFeature(agent, scale=1.0)
    body.act(states([False, False]))
    body.act(states([True, False]))
    resumed = TimeFeature(agent, scale=1.0)
    resumed.load_state_dict(body.state_dict())
    resumed.act(states([False, False]))
    assert [state.observation[:, 1].tolist() for state in agent.seen] == [[0, 0], [1, 1], [0, 2]]
