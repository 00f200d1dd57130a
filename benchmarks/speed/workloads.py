"""What is measured: the work that every contender does alike, who takes part, and what must hold.

The settings have the names of our hyperparameters. Those that a contender's library calls otherwise, it translates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One kind of training, the same for all.

    Attributes:
        title: what it is.
        settings: what every contender is told, as JSON.
        contenders: the script in `contenders/` and further settings of each; the name up to the dash is that of its
            virtual environment.
        least_ratio: our agent steps per second must be so many times the fastest peer's: of `ours` at its best, compiled or
            not, or of another of ours; empty where none is set.
        most_above_floor: by this share a run may take longer than its floor; None where none is set.
        cleanrl: agent steps per second of CleanRL's script on a machine like that of the results, with two cores: its place is
            taken by the plain script, which may not be slower.
    """

    title: str
    settings: Mapping[str, Any]
    contenders: Mapping[str, tuple[str, Mapping[str, Any]]]
    least_ratio: Mapping[str, float]
    most_above_floor: float | None = None
    cleanrl: float | None = None


_DQN_BREAKOUT = {
    "algorithm": "dqn",
    "environment": "Breakout",
    "frame_skip": 4,  # emulator frames per agent step
    "n_envs": 1,
    "minibatch_size": 32,
    "update_frequency": 4,  # agent steps per update
    "target_update_frequency": 1000,  # updates
    "replay_buffer_size": 100_000,
    "replay_start_size": 2000,  # agent steps
    "lr": 1e-4,
    "discount_factor": 0.99,
    "exploration": 0.01,  # where exploration ends; random actions would be cheaper
    "threads": 2,
    "seed": 0,
    "warm_up": 2200,  # agent steps before the clock starts, so 50 updates
    "frames": 3000,  # agent steps under the clock
}
_C51_BREAKOUT = _DQN_BREAKOUT | {
    "algorithm": "c51",
    "n_atoms": 51,
    "v_min": -10.0,
    "v_max": 10.0,
    "lr": 2.5e-4,
    "clip_grad": 0.0,  # nobody clips
}
_RAINBOW_BREAKOUT = {name: value for name, value in _C51_BREAKOUT.items() if name != "exploration"} | {
    "algorithm": "rainbow",
    "lr": 6.25e-5,
    "n_steps": 3,
    "priority_alpha": 0.5,
    "priority_initial_beta": 0.4,
    "noisy_sigma": 0.5,
}
_DQN_CARTPOLE = {
    "algorithm": "dqn",
    "environment": "CartPole-v1",
    "n_envs": 1,
    "hidden": [64, 64],  # with ReLU
    "minibatch_size": 64,
    "update_frequency": 1,
    "target_update_frequency": 500,
    "replay_buffer_size": 10_000,
    "replay_start_size": 1000,
    "lr": 1e-3,
    "discount_factor": 0.99,
    "exploration": 0.04,
    "threads": 1,
    "seed": 0,
    "warm_up": 1500,
    "frames": 10_000,
}
_PPO_BREAKOUT = {
    "algorithm": "ppo",
    "environment": "Breakout",
    "frame_skip": 4,
    "n_envs": 8,
    "n_steps": 128,  # agent steps of each environment between two times of learning
    "n_epochs": 4,
    "n_minibatches": 4,  # updates in an epoch
    "lr": 2.5e-4,
    "eps": 1e-5,
    "discount_factor": 0.99,
    "lam": 0.95,
    "clip_ratio": 0.1,
    "value_loss_scaling": 0.5,
    "entropy_loss_scaling": 0.01,
    "clip_grad": 0.5,
    "clip_values": False,
    "threads": 2,
    "seed": 0,
    "warm_up": 3072,  # so that there were updates, and compiled ones are compiled, wherever in its loop a library learns
    "frames": 8192,
}
_PPO_CARTPOLE = _PPO_BREAKOUT | {
    "environment": "CartPole-v1",
    "hidden": [64, 64],  # with tanh, of policy and values each
    "frame_skip": 1,
    "clip_ratio": 0.2,
    "entropy_loss_scaling": 0.0,
    "threads": 1,
    "warm_up": 4096,
    "frames": 65_536,
}
_PPO_HALFCHEETAH = _PPO_CARTPOLE | {
    "environment": "HalfCheetah-v5",
    "n_envs": 1,
    "n_steps": 2048,
    "n_epochs": 10,
    "n_minibatches": 32,
    "lr": 3e-4,
    "warm_up": 2048,
    "frames": 16_384,
}
_PQN_BREAKOUT = {
    "algorithm": "pqn",
    **{
        name: _PPO_BREAKOUT[name]
        for name in (
            *("environment", "frame_skip", "n_envs", "n_steps", "n_epochs", "n_minibatches", "lr", "threads"),
            *("discount_factor", "seed", "warm_up", "frames"),
        )
    },
    "layer_norm": True,  # over the channels, after every hidden layer
    "lam": 0.65,
    "clip_grad": 10.0,
    "exploration": 0.01,
}
_SAC_HALFCHEETAH = {
    "algorithm": "sac",
    "environment": "HalfCheetah-v5",
    "n_envs": 1,
    "hidden": [256, 256],
    "minibatch_size": 256,
    "update_frequency": 1,
    "target_rate": 0.005,
    "replay_buffer_size": 100_000,
    "replay_start_size": 1000,
    "lr": 3e-4,
    "discount_factor": 0.99,
    "threads": 2,
    "seed": 0,
    "warm_up": 1100,
    "frames": 2500,
}


Contenders = dict[str, tuple[str, Mapping[str, Any]]]


def _contenders(algorithm: str, *peers: str) -> Contenders:
    return {
        "ours": ("ours", {}),
        "ours-compiled": ("ours", {"compiled": True}),
        **{name: (f"{name}_{algorithm}", {}) for name in (*peers, "floor")},
    }


_BFLOAT16: Contenders = {"ours-bf16": ("ours", {"precision": "bfloat16"})}


WORKLOADS: dict[str, Workload] = {
    "dqn_breakout": Workload(
        title="DQN on Breakout: one environment, minibatches of 32, one update per 4 steps",
        settings=_DQN_BREAKOUT,
        contenders=_contenders("dqn", "sb3", "tianshou", "torchrl", "seed", "plain"),
        least_ratio={"ours": 1.6},
        most_above_floor=0.10,
        cleanrl=87,
    ),
    "c51_breakout": Workload(
        title="C51 on Breakout, as DQN",
        settings=_C51_BREAKOUT,
        contenders=_contenders("dqn", "tianshou", "seed", "plain"),
        least_ratio={"ours": 1.6},
        most_above_floor=0.10,
        cleanrl=78,
    ),
    "rainbow_breakout": Workload(
        title="Rainbow on Breakout, as DQN",
        settings=_RAINBOW_BREAKOUT,
        contenders=_contenders("dqn", "tianshou", "seed", "plain"),
        least_ratio={"ours": 2.0},
        most_above_floor=0.15,
        cleanrl=29,
    ),
    "ppo_breakout": Workload(
        title="PPO on Breakout: 8 environments, 128 steps, 4 epochs of 4 minibatches",
        settings=_PPO_BREAKOUT,
        contenders=_BFLOAT16 | _contenders("ppo", "sb3", "tianshou", "torchrl", "seed", "plain"),
        least_ratio={"ours": 1.8, "ours-bf16": 2.4},
        most_above_floor=0.10,
        cleanrl=220,
    ),
    "pqn_breakout": Workload(
        title="PQN on Breakout, as PPO",
        settings=_PQN_BREAKOUT,
        contenders={"ours": ("ours", {})}
        | _BFLOAT16
        | {name: (f"{name}_pqn", {}) for name in ("plain", "floor")},
        least_ratio={},
    ),
    "sac_halfcheetah": Workload(
        title="SAC on HalfCheetah: minibatches of 256, one update per step",
        settings=_SAC_HALFCHEETAH,
        contenders=_contenders("sac", "sb3", "tianshou", "torchrl", "seed", "plain"),
        least_ratio={"ours": 1.45},
        most_above_floor=0.10,
        cleanrl=69,
    ),
    "ppo_halfcheetah": Workload(
        title="PPO on HalfCheetah: one environment, 2,048 steps, 10 epochs of 32 minibatches",
        settings=_PPO_HALFCHEETAH,
        contenders=_contenders("ppo", "sb3", "tianshou", "torchrl", "seed", "plain"),
        least_ratio={},
    ),
    "ppo_cartpole": Workload(
        title="PPO on CartPole: 8 environments, 128 steps, 4 epochs of 4 minibatches",
        settings=_PPO_CARTPOLE,
        contenders=_contenders("ppo", "sb3", "tianshou", "torchrl", "seed", "plain"),
        least_ratio={"ours": 2.5},
        most_above_floor=0.30,
        cleanrl=7257,
    ),
    "dqn_cartpole": Workload(
        title="DQN on CartPole: minibatches of 64, one update per step",
        settings=_DQN_CARTPOLE,
        contenders=_contenders("dqn", "sb3", "tianshou", "torchrl", "seed", "plain"),
        least_ratio={"ours": 2.0},
        most_above_floor=0.30,
        cleanrl=719,
    ),
}
