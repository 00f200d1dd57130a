"""Slurm: so far, what `all doctor` asks about the cluster. It runs on a login node and imports no torch."""
