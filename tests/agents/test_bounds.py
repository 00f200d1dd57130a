"""What would end a training at its first update is refused before: values out of bounds, networks that do not fit."""

from __future__ import annotations

import pytest

from allcore.environments import GymEnvironment
from allcore.errors import HyperparameterError
from allcore.plugins import registry
from allcore.presets import PresetBuilder


def _changed(key: str, **changes: object) -> PresetBuilder:
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


@pytest.mark.parametrize("key", ["classic.ppo", "classic.pqn"])
def test_a_rollout_has_as_many_steps_as_minibatches(key: str) -> None:
    env = GymEnvironment("CartPole-v1")
    enough = _changed(key, n_envs=2, n_steps=5, n_minibatches=10)
    enough.env(env).build()
    with pytest.raises(
        HyperparameterError, match=r"5 steps of 2 environments.*n_minibatches=11\n.*at most 10"
    ):
        enough.hyperparameters(n_minibatches=11).env(env).build()


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ("math:sqrt", "features=math:sqrt fails: TypeError"),
        ("builtins:str", "features: the str that it makes does not take observations of Box"),
        ("all_atari.models:nature_convolutions", "features: the Sequential that it makes does not take"),
    ],
)
def test_features_that_do_not_fit_are_named(features: str, said: str) -> None:
    with pytest.raises(HyperparameterError, match=said):
        _changed("classic.dqn", features=features).env(GymEnvironment("CartPole-v1")).build()


def test_an_optimizer_that_does_not_fit_is_named() -> None:
    preset = _changed("classic.ddqn", optimizer="torch.optim:SGD").env(GymEnvironment("CartPole-v1")).build()
    with pytest.raises(HyperparameterError, match=r"optimizer=torch.optim:SGD fails: TypeError.*'eps'"):
        preset.agent()
