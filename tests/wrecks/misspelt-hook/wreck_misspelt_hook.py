"""Its hook has a name that no hook has."""

from allcore.plugins import PresetRecord, hookimpl


@hookimpl
def all_preset():
    yield PresetRecord(
        name="x",
        target="json:dumps",
        summary="A preset.",
        agent="agents.dqn",
        domain="classic",
        default_frames=1,
    )
