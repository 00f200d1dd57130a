"""Train two agents in two environments, and plot what became of them.

500 frames show the machinery, not what an agent can learn. For that: 10e6 frames, the preset as it is, `device="cuda"`, and
`test_episodes` left at 100.
"""

from all_atari import AtariEnvironment
from all_atari.presets import dqn
from allcore.experiments import plot_returns_100, run_experiment

# A short memory, and learning that starts before these few frames are over.
small = dqn.hyperparameters(replay_buffer_size=5_000, replay_start_size=480)

agents = [
    small,
    small.hyperparameters(lr=1e-3),
]

envs = [AtariEnvironment(env, device="cpu") for env in ["Breakout", "Qbert"]]

# No final evaluation: an agent that has learnt nothing can play for a very long time.
run_experiment(agents, envs, 500, test_episodes=0)

plot_returns_100("./runs", out="returns100.png")
