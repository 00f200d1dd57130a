"""Atari: the environment on the Arcade Learning Environment, the bodies around an agent, networks and presets."""
