"""Networks composed of features and heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from gymnasium.vector.utils import create_empty_array
from torch import nn

from allcore.core import StateArray
from allcore.environments.spaces import ObservationReader
from allcore.errors import HyperparameterError
from allcore.nn import fully_connected
from allcore.plugins.causes import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gymnasium import Space


def on_features(
    features: nn.Module, observation_space: Space[Any], hidden: Sequence[int], n_outputs: int
) -> nn.Sequential:
    """A network from observations to `[N, n_outputs]`: features, then fully connected layers with ReLU.

    Args:
        features: from observations to features `[N, F]`.
        observation_space: the space of one observation.
        hidden: width of each hidden layer.
        n_outputs: how many numbers it gives for each observation.

    Raises:
        HyperparameterError: `features` does not give `[N, F]`.
    """
    head = fully_connected(feature_size(features, observation_space), hidden, n_outputs)
    return nn.Sequential(features, head)


def feature_size(features: nn.Module, observation_space: Space[Any]) -> int:
    """How many features F a network gives, found out by showing it observations of zeros.

    Args:
        features: from observations to features `[N, F]`; an observation of several parts comes as a dict of tensors.
        observation_space: the space of one observation.

    Raises:
        HyperparameterError: it does not give `[N, F]`, or does not take the observations.
    """
    # Two observations: layers that normalise over a batch refuse a single one in training.
    zeros = ObservationReader(observation_space)(create_empty_array(observation_space, 2))
    try:
        with torch.no_grad():
            shape = tuple(features(StateArray(zeros, (2,)).as_input("observation")).shape)
    except Exception as error:  # whatever the function of the hyperparameter `features` has made
        raise HyperparameterError(
            f"features: the {type(features).__name__} that it makes does not take observations of {observation_space}: "
            f"{quote(error)}",
            hint="Name a function that makes a network for such observations; `all show` says which the preset has.",
        ) from error
    if len(shape) != 2 or shape[0] != 2:
        raise HyperparameterError(
            f"the network of features gives {list(shape)} for two observations; it must give [2, F]",
            hint="End it with nn.Flatten().",
        )
    return shape[1]
