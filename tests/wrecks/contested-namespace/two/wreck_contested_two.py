"""It claims a namespace that another distribution claims, too."""

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
