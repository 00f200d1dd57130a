"""Its hook takes an argument that the hook does not have."""

from allcore.plugins import PresetRecord, hookimpl


@hookimpl
def all_presets(config):
    yield PresetRecord(
        name="x",
        target="json:dumps",
        summary="A preset.",
        agent="agents.dqn",
        domain="classic",
        default_frames=1,
    )
