"""Parts that many compositions make in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.agents import PolicyAgent
from allcore.errors import HyperparameterError
from allcore.memory import ExperienceReplayBuffer, NStepReplayBuffer, PrioritizedReplayBuffer
from allcore.optim import Linear
from allcore.policies import GreedyPolicy

if TYPE_CHECKING:
    from torch import Tensor

    from all_agents.compositions.groups import Exploration, Learning, Prioritization, Replay
    from allcore.core import State
    from allcore.memory import ReplayBuffer
    from allcore.policies import GaussianPolicy, SoftmaxPolicy
    from allcore.policies.greedy import ActionValues
    from allcore.presets import Preset


def check_minibatches(preset: Preset) -> None:
    """Find out before the training whether a rollout has enough steps for its minibatches.

    Raises:
        HyperparameterError: it has not.
    """
    hp = preset.hyperparameters
    if hp.n_minibatches > hp.n_envs * hp.n_steps:
        raise HyperparameterError(
            f"{preset.name}: {hp.n_steps} steps of {hp.n_envs} environments are too few for n_minibatches={hp.n_minibatches}",
            hint=f"Set n_minibatches to at most {hp.n_envs * hp.n_steps}, which is n_steps * n_envs.",
        )


def falling_step_size(hp: Learning, train_steps: float) -> Linear:
    """The factor on the step size, from 1 to what is left of it after `train_steps` agent steps."""
    return Linear(1.0, hp.final_lr_factor, 0, train_steps)


def uniform_replay(preset: Preset, hp: Replay) -> ReplayBuffer:
    """Uniform replay of transitions of the preset's number of steps, with minibatches on the preset's device."""
    uniform = ExperienceReplayBuffer(
        hp.replay_buffer_size, device=preset.device, generator=preset.seeds.generator("replay")
    )
    return several_steps(preset, uniform)


def prioritized_replay(
    preset: Preset, hp: Replay, priority: Prioritization, train_steps: float
) -> ReplayBuffer:
    """Prioritised replay whose weights correct more and more, from the first update to `train_steps` agent steps."""
    start = min(hp.replay_start_size, train_steps)
    prioritized = PrioritizedReplayBuffer(
        hp.replay_buffer_size,
        alpha=priority.priority_alpha,
        beta=Linear(priority.priority_initial_beta, priority.priority_final_beta, start, train_steps),
        device=preset.device,
        generator=preset.seeds.generator("replay"),
    )
    return several_steps(preset, prioritized)


def several_steps(preset: Preset, buffer: ExperienceReplayBuffer | PrioritizedReplayBuffer) -> ReplayBuffer:
    """The same replay with transitions of the preset's number of steps."""
    hp = preset.hyperparameters
    if hp.n_steps == 1:
        return buffer
    return NStepReplayBuffer(hp.n_steps, hp.discount_factor, buffer)


def exploring_policy(preset: Preset, q: ActionValues, hp: Exploration) -> GreedyPolicy:
    """The policy in training: epsilon-greedy, with an epsilon that falls."""
    epsilon = Linear(hp.initial_exploration, hp.final_exploration, 0, hp.final_exploration_step)
    return GreedyPolicy(
        q, preset.setting.n_actions, epsilon=epsilon, generator=preset.seeds.generator("policy")
    )


def greedy_agent(preset: Preset, q: ActionValues, exploration: float = 0.0) -> PolicyAgent:
    """An agent that only plays: greedy by `q`, but for a share of random actions."""
    policy: Any = GreedyPolicy(
        q,
        preset.setting.n_actions,
        epsilon=exploration,
        generator=preset.seeds.generator("test policy"),
        evaluation_epsilon=exploration,
    )
    return PolicyAgent(policy.eval)


def play(policy: SoftmaxPolicy | GaussianPolicy, sample: bool, state: State) -> Tensor:
    """An action in evaluation, drawn from the policy or the likeliest one."""
    distribution = policy.eval(state.to(policy.device))
    action: Tensor = distribution.sample() if sample else distribution.mode()
    return action.to(state.device)
