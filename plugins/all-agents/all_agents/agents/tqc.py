"""Truncated quantile critics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.agents import Agent
from allcore.approximation import CompiledUpdate
from allcore.core import state_from_dict, state_to_dict
from allcore.nn import quantile_huber_pairs, quantile_midpoints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from allcore.approximation import Approximation, QEnsemble
    from allcore.core import State, StateArray
    from allcore.logging import Logger
    from allcore.memory import ReplayBuffer
    from allcore.policies import RandomActions, SoftDeterministicPolicy


class TQC(Agent):
    """Truncated quantile critics: soft actor-critic whose critics tell distributions of returns.

    The target distribution is all critics' quantiles together, less the largest ones, which are most likely to be wrong.

    Paper: Kuznetsov et al. (2020), Controlling overestimation bias with truncated mixture of continuous distributional
    quantile critics, Algorithm 1.

    What differs from the paper: the first actions are drawn uniformly. Networks and replay are parts that a preset composes.
    It acts in one environment or, given a `StateArray`, in several, at the same number of updates per agent step.

    Shapes: C critics, N batch, K quantiles of a critic, J of them together that are kept.
    """

    def __init__(
        self,
        policy: SoftDeterministicPolicy,
        q: QEnsemble,
        log_temperature: Approximation,
        replay_buffer: ReplayBuffer,
        random_actions: RandomActions,
        *,
        target_entropy: float,
        n_dropped: int = 2,
        discount_factor: float = 0.99,
        minibatch_size: int = 256,
        replay_start_size: int = 10_000,
        update_frequency: int = 1,
        compiled: bool = False,
        logger: Logger | None = None,
        log_interval: int = 100,
    ) -> None:
        """Compose the agent.

        Args:
            policy: the actor, with its optimizer.
            q: the critics, `[C, N, K]`, with their optimizer and target network.
            log_temperature: what entropy is worth, an `allcore.nn.LogTemperature` with its optimizer.
            replay_buffer: keeps the transitions.
            random_actions: draws the first actions.
            target_entropy: the entropy that the temperature keeps the policy at, in nats, of actions in units of their
                bounds (as `SoftDeterministicPolicy` has it); the paper's is minus the number of numbers in an action.
            n_dropped: quantiles that are dropped for each critic: the largest C * n_dropped of all.
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
        self.random_actions = random_actions
        self.logger = logger
        # hyperparameters
        self.target_entropy = target_entropy
        self.n_dropped = n_dropped
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
            return self.random_actions.uniform(state)
        action, _ = self.policy.no_grad(state.to(self.policy.device))
        return action.to(state.device)

    def _train(self) -> None:
        while self._should_train():
            losses, alpha, log_probs = self._learn(*self.replay_buffer.sample(self.minibatch_size))
            # prioritised replay draws by the size of the losses
            self.replay_buffer.update_priorities(losses)
            self._log(alpha, log_probs)
            self._updates += 1

    def _update(
        self, states: StateArray, actions: Tensor, rewards: Tensor, next_states: StateArray, weights: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Learn from transitions; their losses `[N]`, the temperature, and the policy's log-densities `[N]`."""
        alpha = self.log_temperature.no_grad().exp()
        # targets: returns and entropy, both masked to zero in a terminal state
        next_actions, next_log_probs = self.policy.no_grad(next_states)
        next_returns = self._truncated(self.q.target(next_states, next_actions))  # [N, J]
        next_returns = next_returns - alpha * next_log_probs.unsqueeze(1)
        discounts = self.discount_factor ** next_states["steps"].unsqueeze(1)
        targets = rewards.unsqueeze(1) + discounts * next_states.apply_mask(next_returns)
        # the critics learn the quantiles of the targets
        quantiles = self.q(states, actions)  # [C, N, K]
        fractions = quantile_midpoints(quantiles.shape[2]).to(quantiles.device)
        losses = quantile_huber_pairs(quantiles, fractions, targets).mean((0, 2, 3))  # [N]
        self.q.reinforce((weights * losses).mean())
        # the actor follows the gradient of the mean of all quantiles, and keeps its entropy up
        new_actions, log_probs = self.policy(states)
        with self.q.frozen():
            values = self.q(states, new_actions).mean((0, 2))
        self.policy.reinforce((alpha * log_probs - values).mean())
        # the temperature rises where there is less entropy than wanted
        lacking = log_probs.detach() + self.target_entropy
        self.log_temperature.reinforce(-(self.log_temperature() * lacking).mean())
        return losses.detach(), alpha, log_probs.detach()

    def _truncated(self, quantiles: Tensor) -> Tensor:
        """The smallest J of all critics' quantiles `[C, N, K]`: `[N, J]`."""
        pool, _ = quantiles.transpose(0, 1).flatten(1).sort(dim=1)
        return pool[:, : pool.shape[1] - self.n_dropped * len(quantiles)]

    def _should_train(self) -> bool:
        steps_since_start = self.replay_buffer.stored - self.replay_start_size
        due = steps_since_start >= (self._updates + 1) * self.update_frequency
        return due and len(self.replay_buffer) > 0  # transitions of several steps may not be complete yet

    def _log(self, alpha: Tensor, log_probs: Tensor) -> None:
        if self.logger is not None and self._updates % self.log_interval == 0:
            self.logger.debug("policy/temperature", alpha, self.replay_buffer.stored)
            self.logger.debug("policy/entropy", -log_probs.mean(), self.replay_buffer.stored)

    def state_dict(self) -> dict[str, Any]:
        """Everything the agent has learnt and remembers, with the state and the action in flight."""
        return {
            "policy": self.policy.state_dict(),
            "q": self.q.state_dict(),
            "log_temperature": self.log_temperature.state_dict(),
            "replay_buffer": self.replay_buffer.state_dict(),
            "random_actions": self.random_actions.state_dict(),
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
        self.random_actions.load_state_dict(state["random_actions"])
        self._updates = state["updates"]
        self._state = state_from_dict(state["state"])
        self._action = state["action"]
