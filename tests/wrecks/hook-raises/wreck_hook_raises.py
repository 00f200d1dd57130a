"""Its hook raises."""

from allcore.plugins import PresetRecord, hookimpl


@hookimpl
def all_presets():
    with open("presets.json", encoding="utf-8") as file:
        return [PresetRecord(name=name) for name in file]
