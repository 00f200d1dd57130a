"""An agent of your own, made of the core's parts, and a preset that composes it for small environments.

From this folder: all run --preset own_agent:double_dqn --env gym:CartPole-v1 --frames 10k
"""

import copy
from dataclasses import dataclass

from torch.nn.functional import mse_loss

from all_agents.models import needs_vector_and_discrete
from allcore.agents import Agent, PolicyAgent
from allcore.approximation import FixedTarget, QNetwork
from allcore.core import state_from_dict, state_to_dict
from allcore.experiments import run_experiment
from allcore.memory import ExperienceReplayBuffer
from allcore.nn import fully_connected
from allcore.optim import Adam, Linear
from allcore.policies import GreedyPolicy
from allcore.presets import Preset, PresetBuilder, hyperparameter


class DoubleDQN(Agent):
    """Q-learning in which the online network chooses the next action and the target network says what it is worth.

    Paper: van Hasselt et al. (2016), Deep Reinforcement Learning with Double Q-learning, equation 4.
    """

    def __init__(
        self, q, policy, replay_buffer, *, discount_factor=0.99, minibatch_size=64, replay_start_size=1000
    ):
        self.q = q
        self.policy = policy
        self.replay_buffer = replay_buffer
        self.discount_factor = discount_factor
        self.minibatch_size = minibatch_size
        self.replay_start_size = replay_start_size
        self._state = None
        self._action = None

    def act(self, state):
        """Remember what the last action led to, learn, and choose the next action."""
        self.replay_buffer.store(self._state, self._action, state)
        self._train()
        self._state = state
        self._action = self.policy.no_grad(state)
        return self._action

    def _train(self):
        if self.replay_buffer.stored < self.replay_start_size:
            return
        # sample transitions from the buffer
        states, actions, rewards, next_states, _ = self.replay_buffer.sample(self.minibatch_size)
        # forward pass
        values = self.q(states, actions)
        # targets: a terminal state's values are masked to zero
        next_actions = self.q.no_grad(next_states).argmax(dim=1)
        targets = rewards + self.discount_factor * self.q.target(next_states, next_actions)
        # backward pass
        self.q.reinforce(mse_loss(values, targets))

    def state_dict(self):
        """Everything that the agent has learnt and remembers, so that a stopped run can go on."""
        return {
            "q": self.q.state_dict(),
            "policy": self.policy.state_dict(),
            "replay_buffer": self.replay_buffer.state_dict(),
            "state": state_to_dict(self._state),
            "action": self._action,
        }

    def load_state_dict(self, state):
        """Go on from what `state_dict` gave."""
        self.q.load_state_dict(state["q"])
        self.policy.load_state_dict(state["policy"])
        self.replay_buffer.load_state_dict(state["replay_buffer"])
        self._state, self._action = state_from_dict(state["state"]), state["action"]


@dataclass(frozen=True, kw_only=True)
class DoubleDQNHyperparameters:
    """What `double_dqn` can be told."""

    lr: float = hyperparameter(1e-3, "Adam's step size.", at_least=0.0)
    replay_start_size: int = hyperparameter(
        1000, "Steps before the first update.", unit="agent steps", at_least=1
    )
    hidden: tuple[int, ...] = hyperparameter((128, 128), "Width of each hidden layer.", unit="units")


class DoubleDQNPreset(Preset):
    """`DoubleDQN` on a small fully connected network."""

    def __init__(self, setting):
        super().__init__(setting)
        n_inputs, hidden = setting.observation_space.shape[0], self.hyperparameters.hidden
        network = fully_connected(n_inputs, hidden, setting.n_actions)
        self.model = network.to(self.device)

    def agent(self, logger=None, train_steps=float("inf")):
        """A training agent: 10 % of the training goes by until only 5 % of its actions are random."""
        hp = self.hyperparameters
        optimizer = Adam(self.model.parameters(), lr=hp.lr)
        q = QNetwork(self.model, optimizer, target=FixedTarget(update_frequency=100), logger=logger)
        return DoubleDQN(
            q,
            self._policy(q, epsilon=Linear(1.0, 0.05, 0, 0.1 * train_steps), stream="policy"),
            ExperienceReplayBuffer(50_000, device=self.device, generator=self.seeds.generator("replay")),
            replay_start_size=hp.replay_start_size,
        )

    def test_agent(self):
        """An agent that acts by a copy of the network and does not learn."""
        q = QNetwork(copy.deepcopy(self.model))
        return PolicyAgent(self._policy(q, epsilon=0.0, stream="test policy").eval)

    def _policy(self, q, epsilon, stream):
        return GreedyPolicy(q, int(self.setting.action_space.n), epsilon, self.seeds.generator(stream))


double_dqn = PresetBuilder(
    "own_agent:double_dqn", DoubleDQNHyperparameters(), DoubleDQNPreset, needs_vector_and_discrete
)


if __name__ == "__main__":
    from allcore.environments import GymEnvironment

    (outcome,) = run_experiment(double_dqn, GymEnvironment("CartPole-v1"), 2000, test_episodes=10)
    print(f"{outcome.state}: {outcome.folder}")
