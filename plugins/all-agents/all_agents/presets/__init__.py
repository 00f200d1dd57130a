"""Presets for environments that need no simulator beyond Gymnasium's own."""
