"""MuJoCo: continuous control environments and the presets for them."""
