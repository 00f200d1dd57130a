"""It needs a module that is not installed."""

import wreck_needs_this  # noqa: F401
