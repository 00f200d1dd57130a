"""From a preset to agents, and to a file and back."""

from all_atari import AtariEnvironment
from all_atari.presets import dqn
from allcore.presets import load_preset

# create an environment
env = AtariEnvironment("Breakout")

# configure and build the preset
preset = dqn.env(env).build()

# use the preset to create an agent
agent = preset.agent()

# It acts, and learns inside `act` when it has seen enough.
state = env.reset(seed=0)
for _ in range(10):
    state = env.step(agent.act(state))

# A test agent does not learn. It has a copy of the networks, as they are now.
test_agent = preset.test_agent()
print("the test agent's action:", int(test_agent.act(env.reset(seed=0))))

# All of it in one file: networks, hyperparameters, spaces. Loading runs no code.
preset.save("breakout.safetensors")
loaded = load_preset("breakout.safetensors")
print("the loaded one's action:", int(loaded.test_agent().act(env.reset(seed=0))))
env.close()
