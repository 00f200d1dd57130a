"""Stable-Baselines3's PPO, without a logger."""

from __future__ import annotations

from measured import Stopwatch, report, settings
from sb3_parts import make_environments, measure
from stable_baselines3 import PPO


def main() -> None:
    given = settings()
    atari = given["environment"] == "Breakout"
    # Without `net_arch`, CnnPolicy has linear heads on the features that policy and values share.
    own_layers = {} if atari else {"net_arch": {"pi": given["hidden"], "vf": given["hidden"]}}
    model = PPO(
        "CnnPolicy" if atari else "MlpPolicy",
        make_environments(given),
        learning_rate=given["lr"],
        gamma=given["discount_factor"],
        n_steps=given["n_steps"],
        batch_size=given["n_envs"] * given["n_steps"] // given["n_minibatches"],
        n_epochs=given["n_epochs"],
        gae_lambda=given["lam"],
        clip_range=given["clip_ratio"],
        vf_coef=given["value_loss_scaling"],
        ent_coef=given["entropy_loss_scaling"],
        max_grad_norm=given["clip_grad"],
        policy_kwargs={"optimizer_kwargs": {"eps": given["eps"]}, **own_layers},
        seed=given["seed"],
        device=given["device"],
    )
    report(measure(model, Stopwatch(model.policy.parameters()), given), "stable-baselines3")


if __name__ == "__main__":
    main()
