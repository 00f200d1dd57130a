"""Its record points to something that does not exist. Nobody notices before somebody asks for it."""

from allcore.plugins import PresetRecord, hookimpl


@hookimpl
def all_presets():
    yield PresetRecord(
        name="x",
        target="wreck_missing_target:nothing",
        summary="A preset.",
        agent="agents.dqn",
        domain="classic",
        default_frames=1,
    )
