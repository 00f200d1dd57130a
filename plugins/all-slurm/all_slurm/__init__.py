"""Slurm: an executor that turns experiments into job arrays. It runs on a login node and imports no torch."""
