"""Parts of networks beyond those of torch."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from torch.nn import Flatten as Flatten

    from allcore.nn.device import device_of as device_of
    from allcore.nn.dueling import (
        Aggregation as Aggregation,
        CategoricalDueling as CategoricalDueling,
        Dueling as Dueling,
    )
    from allcore.nn.linear0 import Linear0 as Linear0
    from allcore.nn.networks import fully_connected as fully_connected
    from allcore.nn.noisy import NoisyFactorizedLinear as NoisyFactorizedLinear, NoisyLinear as NoisyLinear
    from allcore.nn.random_stream import RandomStream as RandomStream
    from allcore.nn.rl_network import RLNetwork as RLNetwork
    from allcore.nn.scale import Scale as Scale
    from allcore.nn.tanh_action_bound import TanhActionBound as TanhActionBound

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "RLNetwork": "allcore.nn.rl_network",
        "fully_connected": "allcore.nn.networks",
        "Flatten": "torch.nn",
        "Scale": "allcore.nn.scale",
        "Linear0": "allcore.nn.linear0",
        "Aggregation": "allcore.nn.dueling",
        "Dueling": "allcore.nn.dueling",
        "CategoricalDueling": "allcore.nn.dueling",
        "NoisyLinear": "allcore.nn.noisy",
        "NoisyFactorizedLinear": "allcore.nn.noisy",
        "RandomStream": "allcore.nn.random_stream",
        "TanhActionBound": "allcore.nn.tanh_action_bound",
        "device_of": "allcore.nn.device",
    },
)
