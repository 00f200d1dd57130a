"""For the tests of plugins: contract checks, environments of known value or written down beforehand, and fixtures.

    from allcore.testing import check_plugin

    def test_contract():
        check_plugin("robot", "all_robot.plugin")

The fixtures are in `allcore.testing.pytest_plugin`, which pytest finds by itself where allcore is installed.
"""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.testing.contracts import check_plugin as check_plugin, problems_of as problems_of
    from allcore.testing.environments import (
        ScriptedEnvironment as ScriptedEnvironment,
        ScriptedVectorEnvironment as ScriptedVectorEnvironment,
        SideBySide as SideBySide,
        Step as Step,
    )
    from allcore.testing.gradients import slopes as slopes
    from allcore.testing.one_minibatch import OneMinibatch as OneMinibatch
    from allcore.testing.probe import Known as Known, Probe as Probe, play as play
    from allcore.testing.probes import (
        PROBES as PROBES,
        ActionDependent as ActionDependent,
        ConstantReward as ConstantReward,
        LifeLost as LifeLost,
        ObservationAndActionDependent as ObservationAndActionDependent,
        ObservationDependent as ObservationDependent,
        Staggered as Staggered,
        TruncatedForever as TruncatedForever,
        TwoStep as TwoStep,
    )
    from allcore.testing.states_stay import check_states_stay as check_states_stay
    from allcore.testing.taking_turns import TakingTurns as TakingTurns

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "check_plugin": "allcore.testing.contracts",
        "problems_of": "allcore.testing.contracts",
        "ScriptedEnvironment": "allcore.testing.environments",
        "ScriptedVectorEnvironment": "allcore.testing.environments",
        "SideBySide": "allcore.testing.environments",
        "Step": "allcore.testing.environments",
        "slopes": "allcore.testing.gradients",
        "OneMinibatch": "allcore.testing.one_minibatch",
        "Known": "allcore.testing.probe",
        "Probe": "allcore.testing.probe",
        "play": "allcore.testing.probe",
        "PROBES": "allcore.testing.probes",
        "ConstantReward": "allcore.testing.probes",
        "ObservationDependent": "allcore.testing.probes",
        "TwoStep": "allcore.testing.probes",
        "ActionDependent": "allcore.testing.probes",
        "ObservationAndActionDependent": "allcore.testing.probes",
        "TruncatedForever": "allcore.testing.probes",
        "LifeLost": "allcore.testing.probes",
        "Staggered": "allcore.testing.probes",
        "check_states_stay": "allcore.testing.states_stay",
        "TakingTurns": "allcore.testing.taking_turns",
    },
)
