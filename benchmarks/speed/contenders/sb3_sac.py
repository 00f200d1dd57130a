"""Stable-Baselines3's SAC, without a logger. Each update steps three optimizers: critics, policy, temperature."""

from __future__ import annotations

from measured import Stopwatch, report, settings
from sb3_parts import make_environments, measure
from stable_baselines3 import SAC


def main() -> None:
    given = settings()
    model = SAC(
        "MlpPolicy",
        make_environments(given),
        learning_rate=given["lr"],
        gamma=given["discount_factor"],
        batch_size=given["minibatch_size"],
        train_freq=given["update_frequency"],
        gradient_steps=1,
        tau=given["target_rate"],
        buffer_size=given["replay_buffer_size"],
        learning_starts=given["replay_start_size"],
        policy_kwargs={"net_arch": given["hidden"]},
        seed=given["seed"],
        device=given["device"],
    )
    learnt = [*model.actor.parameters(), *model.critic.parameters()]
    report(measure(model, Stopwatch(learnt), given), "stable-baselines3", "mujoco")


if __name__ == "__main__":
    main()
