"""Its record breaks the grammar of names."""

from allcore.plugins import PresetRecord, hookimpl


@hookimpl
def all_presets():
    yield PresetRecord(
        name="Big DQN",
        target="json:dumps",
        summary="A preset.",
        agent="agents.dqn",
        domain="classic",
        default_frames=1,
    )
