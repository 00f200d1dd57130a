"""The loop between an agent and an environment, by hand."""

from all_agents.presets.classic import dqn
from allcore.environments import GymEnvironment

# create a classic control environment on the cpu
env = GymEnvironment("CartPole-v1")

# create an agent for it (0: the root of its random numbers)
agent = dqn.env(env).seed(0).build().agent(train_steps=2000)

# initialize the environment
env.reset(seed=0)

# Loop for some arbitrary number of timesteps.
episode_return, returns = 0.0, []
for _ in range(2000):
    action = agent.act(env.state)
    env.step(action)
    episode_return += env.reward

    if env.done:
        # terminal update
        agent.act(env.state)

        # reset the environment
        env.reset()
        returns.append(episode_return)
        episode_return = 0.0

print(
    f"{len(returns)} episodes, of which the first five returned {returns[:5]} and the last five {returns[-5:]}"
)
env.close()
