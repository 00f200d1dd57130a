"""What this plugin has. Every command imports this module: import nothing heavy here."""

from allcore.plugins import EnvironmentRecord, hookimpl

#: The versions of the plugin API that this plugin works with.
ALL_PLUGIN_API = ">=1.0,<2"


@hookimpl
def all_environments():
    """Register the family of corridors."""
    yield EnvironmentRecord(
        name="corridor",
        target="all_corridor.family:make",
        names="all_corridor.family:names",
        summary="Walk to the end of a corridor",
        domain="classic",  # the presets for small tasks can play it
        examples=("Corridor-8",),
    )
