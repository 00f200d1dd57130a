"""Corridors for allcore. Importing this package imports nothing else: every command does it."""
