"""Gradients by differences, to hold an update against one that was worked out without automatic differentiation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def slopes(loss: Callable[..., Any], *parameters: np.ndarray, step: float = 1e-6) -> list[np.ndarray]:
    """The gradient of `loss(*parameters)`, one array like each of the parameters, by central differences.

    Exact to about 1e-9 for a smooth loss of the order of 1 that is computed in float64.

    Args:
        loss: a number from arrays; should not change them.
        parameters: float64 arrays.
        step: how far from the parameters the differences are taken.
    """
    given = [np.array(parameter, dtype=np.float64) for parameter in parameters]
    gradients = [np.zeros_like(parameter) for parameter in given]
    for parameter, gradient in zip(given, gradients, strict=True):
        for place in np.ndindex(parameter.shape):
            value = parameter[place]
            parameter[place] = value + step
            above = float(loss(*given))
            parameter[place] = value - step
            below = float(loss(*given))
            parameter[place] = value
            gradient[place] = (above - below) / (2 * step)
    return gradients
