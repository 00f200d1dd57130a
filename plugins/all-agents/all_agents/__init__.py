"""Agents, one file per algorithm (`all_agents.agents`), and presets for classic control (`all_agents.presets.classic`)."""
