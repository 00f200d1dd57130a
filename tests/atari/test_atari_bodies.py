import torch

from all_atari import AtariEnvironment, DeepmindAtariBody
from allcore.agents import Agent
from allcore.core import State


class Recorder(Agent):
    def __init__(self):
        self.seen = []

    def act(self, state):
        self.seen.append(state)
        return 1


def state(number, **others):
    return State({"observation": torch.full((1, 2, 2), number, dtype=torch.uint8), **others})


def test_the_agent_sees_stacks_signs_and_lives():
    agent = Recorder()
    body = DeepmindAtariBody(agent)
    body.act(state(1, life_lost=False))
    body.act(state(2, reward=7.0, life_lost=True))
    body.act(state(3, reward=-2.0, life_lost=False, done=True, mask=1.0))
    body.act(state(4, life_lost=False))
    stacks = [seen.observation[:, 0, 0].tolist() for seen in agent.seen]
    assert stacks == [[1, 1, 1, 1], [1, 1, 1, 2], [1, 1, 2, 3], [4, 4, 4, 4]]
    assert [seen.reward for seen in agent.seen] == [0, 1, -1, 0]
    assert [seen.mask for seen in agent.seen] == [1, 0, 1, 1]
    assert [seen.done for seen in agent.seen] == [False, False, True, False]
    assert agent.seen[1].frames("observation")[1] == 4


def test_each_part_can_be_left_out():
    agent = Recorder()
    body = DeepmindAtariBody(agent, frame_stack=1, clip_rewards=False, episodic_lives=False)
    shown = state(1, reward=7.0, life_lost=True)
    body.act(shown)
    assert agent.seen == [shown]


def test_in_a_game():
    agent = Recorder()
    body = DeepmindAtariBody(agent, frame_stack=4)
    env = AtariEnvironment("Breakout", max_episode_frames=80)
    shown = [env.reset(seed=0)]
    for _ in range(44):
        shown.append(env.step(body.act(shown[-1])))
    body.act(shown[-1])
    for time, seen in enumerate(agent.seen):
        begun = 21 * (time // 21)  # an episode has 21 states
        wanted = [shown[max(begun, time - back)].observation for back in (3, 2, 1, 0)]
        assert torch.equal(seen.observation, torch.cat(wanted))
