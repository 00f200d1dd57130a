"""What a specification in a file may name: what plugins own, and what the user trusts."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from allcore.errors import TrustError
from allcore.experiments import RunSpec
from allcore.experiments.trust import check_specification

SPEC = RunSpec(preset="classic.dqn", environment="CartPole-v1", frames=10)


@pytest.fixture(autouse=True)
def _unheard_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module in the working folder, which would be found if somebody imported it."""
    (tmp_path / "unheard_of.py").write_text("raise SystemExit('run')")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"preset": "unheard_of:preset"},
        {"environment": "unheard_of:make"},
        {"environment": "gym:unheard_of:Maze-v0"},
        {"environment": "core.gym:unheard_of:Maze-v0"},
        {"environment": "classic:unheard_of:Maze-v0"},
        {"environment_options": {"env_id": "unheard_of:Maze-v0"}},
        {"environment_options": {"key": "unheard_of:make"}},
        {"environment_options": {"of": [{"deep": ["in", "unheard_of:it"]}]}},
        {"hyperparameters": {"features": "unheard_of:network"}},
        {"hyperparameters": {"features": "os:system"}},
    ],
)
def test_a_unheard_of_is_refused_and_not_imported(change: dict[str, object]) -> None:
    with pytest.raises(TrustError, match="--trust"):
        check_specification(dataclasses.replace(SPEC, **change), (), "spec.json")
    assert "unheard_of" not in sys.modules


def test_what_plugins_own_and_what_is_trusted_may_be_named() -> None:
    check_specification(SPEC, (), "spec.json")
    own = {"features": "all_agents.models:vector_features"}
    check_specification(dataclasses.replace(SPEC, hyperparameters=own), (), "spec.json")
    check_specification(
        dataclasses.replace(SPEC, environment="unheard_of:make"), ("unheard_of",), "spec.json"
    )
    options = {
        "file": "/maps/a:b",
        "url": "https://x.org",
        "time": "12:30",
        "text": "one: two",
        "drive": "C:\\x",
    }
    check_specification(dataclasses.replace(SPEC, environment_options=options), (), "spec.json")
    with pytest.raises(TrustError):
        check_specification(
            dataclasses.replace(SPEC, environment="unheard_of:make"), ("strange",), "spec.json"
        )
