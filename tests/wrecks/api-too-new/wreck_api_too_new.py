"""It is made for a plugin API that does not exist yet."""

from allcore.plugins import PresetRecord, hookimpl

ALL_PLUGIN_API = ">=99,<100"


@hookimpl
def all_presets():
    yield PresetRecord(
        name="x",
        target="json:dumps",
        summary="A preset.",
        agent="agents.dqn",
        domain="classic",
        default_frames=1,
    )
