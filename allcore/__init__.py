"""The core of the reinforcement-learning toolkit: what an agent is, and what can be plugged in.

Importing this package is free: it loads neither torch nor any plugin. Import what you need from its
rooms, for example `from allcore.core import State` or `from allcore.experiments import run_experiment`.
"""

__version__ = "0.1.0"
