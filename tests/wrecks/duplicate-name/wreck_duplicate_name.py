"""It gives the same name to two presets."""

from allcore.plugins import PresetRecord, hookimpl


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
    yield PresetRecord(
        name="x",
        target="json:dumps",
        summary="A preset.",
        agent="agents.dqn",
        domain="classic",
        default_frames=1,
    )
