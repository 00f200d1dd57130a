"""Hyperparameters that several algorithms share, by what they are about. Presets give the values.

A dataclass lists the fields of its last base first: name the groups from the network back to the learning.
"""

from __future__ import annotations

from dataclasses import dataclass

from allcore.presets import Function, described, hyperparameter


@dataclass(frozen=True, kw_only=True)
class Network:
    """What the network looks like: features of an observation, and fully connected layers on top."""

    features: Function = described(
        "Makes the network's first part from the observation space; its features are [N, F]."
    )
    hidden: tuple[int, ...] = described(
        "Width of each hidden layer on top of the features.", unit="units", at_least=1
    )


@dataclass(frozen=True, kw_only=True)
class Learning:
    """How values are learnt."""

    discount_factor: float = described("What a reward one step later is worth.", at_least=0.0, at_most=1.0)
    lr: float = described("The optimizer's step size at first.", at_least=0.0)
    final_lr_factor: float = described(
        "The share of the step size that is left at the end of the training; it falls in a straight line.",
        at_least=0.0,
    )
    eps: float = described("What the optimizer adds to its divisor.", at_least=0.0)


@dataclass(frozen=True, kw_only=True)
class Compilation:
    """How updates are computed."""

    compiled: bool = hyperparameter(
        False,
        "Run each update as one compiled program: for small networks much faster, with other last digits.",
        source="ours: docs/decisions/2026-11-23-small-networks.md",
    )


@dataclass(frozen=True, kw_only=True)
class Precision:
    """How exactly large networks are computed."""

    precision: str = hyperparameter(
        "float32",
        "What convolutions and the layers that all else shares compute in: float32 or bfloat16.",
        source="ours: docs/decisions/2026-11-23-bfloat16.md",
    )


@dataclass(frozen=True, kw_only=True)
class Rollouts:
    """How long the agent acts before it learns."""

    n_envs: int = described("Environments trained in at once.", unit="environments", at_least=1)
    n_steps: int = described(
        "Agent steps of each environment between two times of learning.", unit="agent steps", at_least=1
    )


@dataclass(frozen=True, kw_only=True)
class Replay:
    """How transitions are kept and drawn."""

    minibatch_size: int = described("Transitions per update.", unit="transitions", at_least=1)
    update_frequency: int = described(
        "Agent steps from one update to the next.", unit="agent steps", at_least=1
    )
    replay_start_size: int = described("Agent steps before learning begins.", unit="agent steps", at_least=1)
    replay_buffer_size: int = described("Transitions that replay keeps.", unit="transitions", at_least=2)
    n_envs: int = described("Environments trained in at once.", unit="environments", at_least=1)
    n_steps: int = hyperparameter(
        1,
        "Steps over which rewards are summed before the values take over.",
        unit="agent steps",
        source="the one step of temporal-difference learning",
        at_least=1,
    )


@dataclass(frozen=True, kw_only=True)
class Targets:
    """How action values follow those of a target network."""

    optimizer: Function = described("Makes the optimizer from the parameters, lr and eps.")
    huber_threshold: float = described(
        "Error of a value at which the loss turns from square to linear.", unit="return", above=0.0
    )
    target_update_frequency: int = described(
        "Updates from one copy to the target network to the next.", unit="updates", at_least=1
    )


@dataclass(frozen=True, kw_only=True)
class Prioritization:
    """How much more often transitions are drawn whose values were more wrong."""

    priority_alpha: float = described(
        "How much errors matter for what is drawn: 0 not at all, 1 in proportion.", at_least=0.0, at_most=1.0
    )
    priority_initial_beta: float = described(
        "How much weights in the loss correct for it at first: 0 not at all, 1 in full.",
        at_least=0.0,
        at_most=1.0,
    )
    priority_final_beta: float = described(
        "The same at the end of the training; it rises in a straight line.", at_least=0.0, at_most=1.0
    )


@dataclass(frozen=True, kw_only=True)
class Atoms:
    """The returns on which distributions live: equally spaced, others are clamped."""

    n_atoms: int = described("Number of atoms.", unit="atoms", at_least=2)
    v_min: float = described("The lowest return, discounted, that can be told apart.", unit="return")
    v_max: float = described("The highest.", unit="return")


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """How often an action is chosen at random."""

    initial_exploration: float = described("Share of random actions at first.", at_least=0.0, at_most=1.0)
    final_exploration: float = described("Share of random actions in the end.", at_least=0.0, at_most=1.0)
    final_exploration_step: int = described(
        "When exploration has fallen to its end, in a straight line.", unit="agent steps", at_least=0
    )
    test_exploration: float = described("Share of random actions in evaluation.", at_least=0.0, at_most=1.0)
