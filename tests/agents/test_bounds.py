"""Values at which an algorithm would divide by zero or learn nothing but NaN are refused before anything is built."""

from __future__ import annotations

import pytest

from allcore.errors import HyperparameterError
from allcore.plugins import registry


def _changed(key: str, **changes: object) -> object:
    return registry().load(registry().find("presets", key)).hyperparameters(**changes)


@pytest.mark.parametrize("key", [f"continuous.{name}" for name in ("a2c", "ppo", "vpg")])
def test_the_first_deviation_is_not_zero(key: str) -> None:
    with pytest.raises(HyperparameterError, match="initial_std is above 0"):
        _changed(key, initial_std=0)


@pytest.mark.parametrize(
    "key", ["classic.discrete_sac", "continuous.sac", "continuous.tqc", "continuous.crossq"]
)
def test_the_first_temperature_is_not_zero(key: str) -> None:
    with pytest.raises(HyperparameterError, match="initial_temperature is above 0"):
        _changed(key, initial_temperature=0)


def test_adam_keeps_less_than_all_of_its_mean() -> None:
    with pytest.raises(HyperparameterError, match=r"beta1 is at least 0.0 and below 1"):
        _changed("continuous.crossq", beta1=1)


@pytest.mark.parametrize("key", ["classic.dqn", "classic.ddqn"])
def test_the_huber_loss_of_values_needs_a_threshold(key: str) -> None:
    with pytest.raises(HyperparameterError, match="huber_threshold is above 0"):
        _changed(key, huber_threshold=0)


@pytest.mark.parametrize("key", ["classic.qrdqn", "classic.iqn"])
def test_that_of_quantiles_needs_none(key: str) -> None:
    _changed(key, huber_threshold=0)


@pytest.mark.parametrize("entry", registry().records("presets"), ids=lambda entry: entry.key)
def test_no_layer_has_no_units(entry: object) -> None:
    builder = registry().load(entry)
    for name in vars(builder.values):
        if "hidden" in name:
            with pytest.raises(HyperparameterError, match=f"each of {name} is at least 1"):
                builder.hyperparameters(**{name: (0,)})
