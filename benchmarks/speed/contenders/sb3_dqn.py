"""Stable-Baselines3's DQN, without a logger."""

from __future__ import annotations

from measured import Stopwatch, report, settings
from sb3_parts import make_environments, measure
from stable_baselines3 import DQN


def main() -> None:
    given = settings()
    atari = given["environment"] == "Breakout"
    model = DQN(
        "CnnPolicy" if atari else "MlpPolicy",
        make_environments(given),
        learning_rate=given["lr"],
        gamma=given["discount_factor"],
        batch_size=given["minibatch_size"],
        train_freq=given["update_frequency"],
        gradient_steps=1,
        # Counted in agent steps here, in updates by ours.
        target_update_interval=given["target_update_frequency"] * given["update_frequency"],
        buffer_size=given["replay_buffer_size"],
        learning_starts=given["replay_start_size"],
        optimize_memory_usage=False,
        exploration_initial_eps=given["exploration"],
        exploration_final_eps=given["exploration"],
        policy_kwargs={} if atari else {"net_arch": given["hidden"]},
        seed=given["seed"],
        device=given["device"],
    )
    report(measure(model, Stopwatch(model.q_net.parameters()), given), "stable-baselines3")


if __name__ == "__main__":
    main()
