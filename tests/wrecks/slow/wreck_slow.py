"""Its hook takes longer than it may."""

import time

from allcore.plugins import PresetRecord, hookimpl


@hookimpl
def all_presets():
    time.sleep(0.1)
    yield PresetRecord(
        name="x",
        target="json:dumps",
        summary="A preset.",
        agent="agents.dqn",
        domain="classic",
        default_frames=1,
    )
