"""The autonomous-learning-library's DQN, C51 and Rainbow, as its presets make them."""

from __future__ import annotations

from typing import Any

from measured import Stopwatch, report, settings
from seed_parts import make_environment, measure, seed_generators

# isort: split
# The library can be imported only once `seed_parts` has been.
from all import nn
from all.environments import Environment
from all.presets import Preset, atari, classic_control


def mlp(env: Environment, hidden: list[int]) -> nn.Module:
    """A Q-network; the library's own has one hidden layer."""
    sizes = [env.state_space.shape[0], *hidden]
    layers = [layer for size in zip(sizes, hidden) for layer in (nn.Linear(*size), nn.ReLU())]  # noqa: B905
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(hidden[-1], env.action_space.n))


def make_preset(given: dict[str, Any], env: Environment) -> Preset:
    """The preset of this algorithm with our settings; for an endless training, so that no rate decays."""
    algorithm = given["algorithm"]
    same_names = (
        *("minibatch_size", "update_frequency", "target_update_frequency", "lr", "discount_factor"),
        *("replay_buffer_size", "replay_start_size"),
    )
    hyperparameters = {name: given[name] for name in same_names}
    exploration = given.get("exploration", 0.0)
    hyperparameters |= {"initial_exploration": exploration, "final_exploration": exploration}
    if algorithm != "dqn":
        hyperparameters |= {"atoms": given["n_atoms"], "v_min": given["v_min"], "v_max": given["v_max"]}
    if algorithm == "rainbow":
        hyperparameters |= {
            "n_steps": given["n_steps"],
            "alpha": given["priority_alpha"],
            "beta": given["priority_initial_beta"],
            "sigma": given["noisy_sigma"],
        }
    if "hidden" in given:
        hyperparameters["model_constructor"] = lambda env: mlp(env, given["hidden"])
    presets = atari if given["environment"] == "Breakout" else classic_control
    builder = getattr(presets, algorithm).device(given["device"]).env(env)
    return builder.hyperparameters(**hyperparameters).build()


def main() -> None:
    given = settings()
    seed_generators(given["seed"])
    env = make_environment(given)
    preset = make_preset(given, env)
    result = measure(preset.agent(), env, Stopwatch(preset.model.parameters()), given)
    report(result, "autonomous-learning-library")


if __name__ == "__main__":
    main()
