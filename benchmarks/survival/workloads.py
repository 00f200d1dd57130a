"""The four runs that are killed: short, but with all that a long one has."""

from __future__ import annotations

#: What `all` is called with. Learning begins early, replay wraps around, several episodes end, weights are saved with each of
#: them, two evaluations or more are made, and some twenty checkpoints are written.
WORKLOADS: dict[str, str] = {
    "dqn-atari": (
        "run --preset atari.dqn --env Breakout --frames 1000 --seed 1 --evaluate-every 600 --checkpoint-every 50"
        " --set replay_start_size=150 --set replay_buffer_size=600 --set minibatch_size=8 --set hidden=128"
        " --set target_update_frequency=50 --set final_exploration_step=800 --env-set max_episode_frames=240"
    ),
    "ppo-cartpole": (
        "run --preset classic.ppo --env CartPole-v1 --frames 10000 --seed 1 --evaluate-every 4000 --checkpoint-every 500"
    ),
    "rainbow-atari": (
        "run --preset atari.rainbow --env Pong --frames 800 --seed 1 --evaluate-every 500 --checkpoint-every 40"
        " --set replay_start_size=150 --set replay_buffer_size=500 --set minibatch_size=8 --set hidden=64"
        " --set target_update_frequency=50 --env-set max_episode_frames=240"
    ),
    "sac-mujoco": (
        "run --preset mujoco.sac --env HalfCheetah-v5 --frames 800 --seed 1 --evaluate-every 500 --checkpoint-every 40"
        " --set replay_start_size=150 --set replay_buffer_size=500 --set minibatch_size=64 --env-set max_episode_steps=60"
    ),
}

_COMMON = "--test-episodes 2 --save-freq 1 --logger core.jsonl --quiet"


def command(workload: str, logdir: object) -> list[str]:
    """The arguments of `all` for a workload."""
    return [*WORKLOADS[workload].split(), *_COMMON.split(), "--logdir", str(logdir)]
