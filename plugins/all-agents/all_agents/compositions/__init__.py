"""How each algorithm is composed of its parts, whatever it plays: one file per algorithm."""
