"""Its hook gives one good record and then raises."""

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
    raise RuntimeError("the second one failed")
