"""Soft actor-critic for discrete actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.agents import Agent
from allcore.approximation import CompiledUpdate
from allcore.core import state_from_dict, state_to_dict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from allcore.approximation import Approximation, QDiscreteEnsemble
    from allcore.core import State, StateArray
    from allcore.logging import Logger
    from allcore.memory import ReplayBuffer
    from allcore.policies import RandomChoices, SoftmaxPolicy


class DiscreteSAC(Agent):
    """Soft actor-critic for discrete actions: wherever SAC draws an action, this takes the mean over all of them.

    Paper: Christodoulou (2019), Soft actor-critic for discrete action settings (arXiv 1910.07207), Algorithm 1.

    What differs from the paper: the temperature is learnt as its logarithm, and a preset chooses the target entropy
    (the paper's is 0.98 log A, CleanRL's 0.89 log A). Networks and replay are parts that a preset composes. It acts in
    one environment or, given a `StateArray`, in several, at the same number of updates per agent step.

    Shapes: C critics, N batch, A actions.
    """

    def __init__(
        self,
        policy: SoftmaxPolicy,
        q: QDiscreteEnsemble,
        log_temperature: Approximation,
        replay_buffer: ReplayBuffer,
        random_choices: RandomChoices,
        *,
        target_entropy: float,
        discount_factor: float = 0.99,
        minibatch_size: int = 64,
        replay_start_size: int = 20_000,
        update_frequency: int = 4,
        compiled: bool = False,
        logger: Logger | None = None,
        log_interval: int = 100,
    ) -> None:
        """Compose the agent.

        Args:
            policy: the actor, with its optimizer.
            q: the critics, with their optimizer and target network.
            log_temperature: what entropy is worth, an `allcore.nn.LogTemperature` with its optimizer.
            replay_buffer: keeps the transitions.
            random_choices: chooses the first actions.
            target_entropy: the mean entropy that the temperature keeps the policy at, in nats, at most log A.
            discount_factor: what a reward one agent step later is worth.
            minibatch_size: transitions per update (N).
            replay_start_size: agent steps with random actions, before learning begins.
            update_frequency: agent steps per update.
            compiled: run each update as one compiled program.
            logger: told of the temperature and the policy's entropy.
            log_interval: updates from one such log to the next.
        """
        # parts
        self.policy = policy
        self.q = q
        self.log_temperature = log_temperature
        self.replay_buffer = replay_buffer
        self.random_choices = random_choices
        self.logger = logger
        # hyperparameters
        self.target_entropy = target_entropy
        self.discount_factor = discount_factor
        self.minibatch_size = minibatch_size
        self.replay_start_size = replay_start_size
        self.update_frequency = update_frequency
        self.log_interval = log_interval
        # private
        self._state: State | None = None
        self._action: Tensor | None = None
        self._updates = 0
        learnt = [policy, q, log_temperature]
        self._learn = CompiledUpdate(self._update, learnt) if compiled else self._update

    def act(self, state: State) -> Tensor:
        """Remember what the last action led to, learn, and choose the next action."""
        self.replay_buffer.store(self._state, self._action, state)
        self._train()
        self._state = state
        self._action = self._choose(state)
        return self._action

    def _choose(self, state: State) -> Tensor:
        if self.replay_buffer.stored < self.replay_start_size:
            return self.random_choices.uniform(state)
        action: Tensor = self.policy.no_grad(state.to(self.policy.device)).sample()
        return action.to(state.device)

    def _train(self) -> None:
        while self._should_train():
            errors, alpha, entropy = self._learn(*self.replay_buffer.sample(self.minibatch_size))
            # prioritised replay draws by the size of the errors
            self.replay_buffer.update_priorities(errors)
            self._log(alpha, entropy)
            self._updates += 1

    def _update(
        self, states: StateArray, actions: Tensor, rewards: Tensor, next_states: StateArray, weights: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Learn from transitions; how wrong values were `[N]`, the temperature, and the policy's entropy."""
        alpha = self.log_temperature.no_grad().exp()
        # the critics learn the targets
        targets = self._targets(rewards, next_states, alpha)
        errors = targets - self.q(states, actions)  # [C, N]
        self.q.reinforce(0.5 * (weights * errors.square()).mean(1).sum())
        # the actor prefers what the critics value, and keeps its entropy up
        chances = self.policy(states)
        values = self.q.no_grad(states).amin(0)  # [N, A]
        losses = (chances.probabilities * (alpha * chances.log_probabilities - values)).sum(1)
        self.policy.reinforce(losses.mean())
        # the temperature falls where there is more entropy than wanted
        entropy = chances.entropy().detach().mean()
        self.log_temperature.reinforce(self.log_temperature() * (entropy - self.target_entropy))
        return errors.detach().abs().mean(0), alpha, entropy

    def _targets(self, rewards: Tensor, next_states: State, alpha: Tensor) -> Tensor:
        """Returns `[N]`, with the values and entropies expected of the next states, both zero in a terminal one."""
        chances = self.policy.no_grad(next_states)
        values = self.q.target(next_states).amin(0) - alpha * chances.log_probabilities  # [N, A]
        expected = next_states.apply_mask((chances.probabilities * values).sum(1))
        return rewards + self.discount_factor ** next_states["steps"] * expected

    def _should_train(self) -> bool:
        steps_since_start = self.replay_buffer.stored - self.replay_start_size
        due = steps_since_start >= (self._updates + 1) * self.update_frequency
        return due and len(self.replay_buffer) > 0  # transitions of several steps may not be complete yet

    def _log(self, alpha: Tensor, entropy: Tensor) -> None:
        if self.logger is not None and self._updates % self.log_interval == 0:
            self.logger.debug("policy/temperature", alpha, self.replay_buffer.stored)
            self.logger.debug("policy/entropy", entropy, self.replay_buffer.stored)

    def state_dict(self) -> dict[str, Any]:
        """Everything the agent has learnt and remembers, with the state and the action in flight."""
        return {
            "policy": self.policy.state_dict(),
            "q": self.q.state_dict(),
            "log_temperature": self.log_temperature.state_dict(),
            "replay_buffer": self.replay_buffer.state_dict(),
            "random_choices": self.random_choices.state_dict(),
            "updates": self._updates,
            "state": state_to_dict(self._state),
            "action": self._action,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.policy.load_state_dict(state["policy"])
        self.q.load_state_dict(state["q"])
        self.log_temperature.load_state_dict(state["log_temperature"])
        self.replay_buffer.load_state_dict(state["replay_buffer"])
        self.random_choices.load_state_dict(state["random_choices"])
        self._updates = state["updates"]
        self._state = state_from_dict(state["state"])
        self._action = state["action"]
