"""What the namespace `mujoco` registers."""

from allcore.plugins import EnvironmentRecord, PresetRecord, hookimpl


@hookimpl
def all_presets() -> list[PresetRecord]:
    """Announce the presets."""
    return [
        PresetRecord(
            name="ddpg",
            target="all_mujoco.presets.ddpg:ddpg",
            summary="DDPG with fully connected networks",
            agent="agents.ddpg",
            domain="mujoco",
            default_frames=1_000_000,
        ),
        PresetRecord(
            name="ddpg_tuned",
            target="all_mujoco.presets.ddpg_tuned:ddpg_tuned",
            summary="DDPG as the authors of TD3 set it after their paper",
            agent="agents.ddpg",
            domain="mujoco",
            default_frames=1_000_000,
        ),
        PresetRecord(
            name="td3",
            target="all_mujoco.presets.td3:td3",
            summary="TD3 with fully connected networks",
            agent="agents.td3",
            domain="mujoco",
            default_frames=1_000_000,
        ),
        PresetRecord(
            name="td3_tuned",
            target="all_mujoco.presets.td3_tuned:td3_tuned",
            summary="TD3 as its authors set it after the paper",
            agent="agents.td3",
            domain="mujoco",
            default_frames=1_000_000,
        ),
        PresetRecord(
            name="sac",
            target="all_mujoco.presets.sac:sac",
            summary="SAC with fully connected networks and a learnt temperature",
            agent="agents.sac",
            domain="mujoco",
            default_frames=1_000_000,
        ),
        PresetRecord(
            name="sac_tuned",
            target="all_mujoco.presets.sac_tuned:sac_tuned",
            summary="SAC with larger steps, which learns faster on MuJoCo's tasks",
            agent="agents.sac",
            domain="mujoco",
            default_frames=1_000_000,
        ),
        PresetRecord(
            name="tqc",
            target="all_mujoco.presets.tqc:tqc",
            summary="TQC with fully connected networks",
            agent="agents.tqc",
            domain="mujoco",
            default_frames=1_000_000,
        ),
        PresetRecord(
            name="crossq",
            target="all_mujoco.presets.crossq:crossq",
            summary="CrossQ with fully connected, batch-normalised networks",
            agent="agents.crossq",
            domain="mujoco",
            default_frames=1_000_000,
        ),
        PresetRecord(
            name="ppo",
            target="all_mujoco.presets.ppo:ppo",
            summary="PPO on fully connected networks, as its paper has it",
            agent="agents.ppo",
            domain="mujoco",
            default_frames=1_000_000,
        ),
        PresetRecord(
            name="ppo2",
            target="all_mujoco.presets.ppo2:ppo2",
            summary="PPO as in OpenAI's baselines, with observations and rewards normalised",
            agent="agents.ppo",
            domain="mujoco",
            default_frames=1_000_000,
        ),
    ]


@hookimpl
def all_environments() -> list[EnvironmentRecord]:
    """Announce Gymnasium's MuJoCo tasks."""
    return [
        EnvironmentRecord(
            name="mujoco",
            target="all_mujoco.environments:make",
            summary="Gymnasium's MuJoCo tasks",
            domain="mujoco",
            names="all_mujoco.names:names",
            examples=("HalfCheetah-v5", "Ant-v5", "Hopper-v5"),
        ),
    ]
