"""Policies: how an agent chooses its actions."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.policies.deterministic import DeterministicPolicy as DeterministicPolicy
    from allcore.policies.gaussian import GaussianHead as GaussianHead, GaussianPolicy as GaussianPolicy
    from allcore.policies.greedy import GreedyPolicy as GreedyPolicy
    from allcore.policies.random_actions import RandomActions as RandomActions
    from allcore.policies.random_choices import RandomChoices as RandomChoices
    from allcore.policies.soft_deterministic import SoftDeterministicPolicy as SoftDeterministicPolicy
    from allcore.policies.softmax import SoftmaxHead as SoftmaxHead, SoftmaxPolicy as SoftmaxPolicy

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "GreedyPolicy": "allcore.policies.greedy",
        "SoftmaxPolicy": "allcore.policies.softmax",
        "SoftmaxHead": "allcore.policies.softmax",
        "GaussianPolicy": "allcore.policies.gaussian",
        "GaussianHead": "allcore.policies.gaussian",
        "DeterministicPolicy": "allcore.policies.deterministic",
        "SoftDeterministicPolicy": "allcore.policies.soft_deterministic",
        "RandomActions": "allcore.policies.random_actions",
        "RandomChoices": "allcore.policies.random_choices",
    },
)
