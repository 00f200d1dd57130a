"""Parts of networks beyond those of torch."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from torch.nn import Flatten as Flatten

    from allcore.nn.action_scale import ActionScale as ActionScale
    from allcore.nn.batch_renorm import BatchRenorm as BatchRenorm
    from allcore.nn.device import device_of as device_of
    from allcore.nn.dueling import (
        Aggregation as Aggregation,
        CategoricalDueling as CategoricalDueling,
        Dueling as Dueling,
    )
    from allcore.nn.ensemble import Ensemble as Ensemble
    from allcore.nn.implicit_quantiles import (
        CosineEmbedding as CosineEmbedding,
        ImplicitQuantileNetwork as ImplicitQuantileNetwork,
    )
    from allcore.nn.layer_norm import (
        ChannelNorm as ChannelNorm,
        fully_connected_normalized as fully_connected_normalized,
        normalized_layer as normalized_layer,
    )
    from allcore.nn.linear0 import Linear0 as Linear0
    from allcore.nn.log_std import SharedLogStd as SharedLogStd
    from allcore.nn.log_temperature import LogTemperature as LogTemperature
    from allcore.nn.low_precision import LowPrecision as LowPrecision, in_precision as in_precision
    from allcore.nn.networks import fully_connected as fully_connected
    from allcore.nn.noisy import NoisyFactorizedLinear as NoisyFactorizedLinear, NoisyLinear as NoisyLinear
    from allcore.nn.orthogonal import orthogonal as orthogonal
    from allcore.nn.quantile_loss import (
        quantile_huber_loss as quantile_huber_loss,
        quantile_huber_pairs as quantile_huber_pairs,
        quantile_midpoints as quantile_midpoints,
    )
    from allcore.nn.random_stream import RandomStream as RandomStream
    from allcore.nn.rl_network import RLNetwork as RLNetwork
    from allcore.nn.running_moments import MomentsByName as MomentsByName, RunningMoments as RunningMoments
    from allcore.nn.scale import Scale as Scale
    from allcore.nn.stacked import (
        StackedLinear as StackedLinear,
        stacked_fully_connected as stacked_fully_connected,
    )
    from allcore.nn.tanh_action_bound import TanhActionBound as TanhActionBound
    from allcore.nn.tile_coding import TileCoding as TileCoding

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "RLNetwork": "allcore.nn.rl_network",
        "fully_connected": "allcore.nn.networks",
        "Flatten": "torch.nn",
        "LowPrecision": "allcore.nn.low_precision",
        "in_precision": "allcore.nn.low_precision",
        "Scale": "allcore.nn.scale",
        "Linear0": "allcore.nn.linear0",
        "orthogonal": "allcore.nn.orthogonal",
        "Aggregation": "allcore.nn.dueling",
        "Dueling": "allcore.nn.dueling",
        "CategoricalDueling": "allcore.nn.dueling",
        "NoisyLinear": "allcore.nn.noisy",
        "NoisyFactorizedLinear": "allcore.nn.noisy",
        "RandomStream": "allcore.nn.random_stream",
        "Ensemble": "allcore.nn.ensemble",
        "ChannelNorm": "allcore.nn.layer_norm",
        "fully_connected_normalized": "allcore.nn.layer_norm",
        "normalized_layer": "allcore.nn.layer_norm",
        "CosineEmbedding": "allcore.nn.implicit_quantiles",
        "ImplicitQuantileNetwork": "allcore.nn.implicit_quantiles",
        "quantile_huber_loss": "allcore.nn.quantile_loss",
        "quantile_huber_pairs": "allcore.nn.quantile_loss",
        "quantile_midpoints": "allcore.nn.quantile_loss",
        "StackedLinear": "allcore.nn.stacked",
        "stacked_fully_connected": "allcore.nn.stacked",
        "BatchRenorm": "allcore.nn.batch_renorm",
        "LogTemperature": "allcore.nn.log_temperature",
        "TanhActionBound": "allcore.nn.tanh_action_bound",
        "ActionScale": "allcore.nn.action_scale",
        "TileCoding": "allcore.nn.tile_coding",
        "SharedLogStd": "allcore.nn.log_std",
        "RunningMoments": "allcore.nn.running_moments",
        "MomentsByName": "allcore.nn.running_moments",
        "device_of": "allcore.nn.device",
    },
)
