"""Schedules, which are values that change with an explicit count of steps, and optimizers beyond those of torch."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.optim.adam import Adam as Adam
    from allcore.optim.centred_rmsprop import CentredRMSprop as CentredRMSprop
    from allcore.optim.rmsprop_tf import RMSpropTF as RMSpropTF
    from allcore.optim.schedules import (
        Constant as Constant,
        Cosine as Cosine,
        Linear as Linear,
        Schedule as Schedule,
        as_schedule as as_schedule,
        schedule_from_json as schedule_from_json,
    )

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Schedule": "allcore.optim.schedules",
        "Constant": "allcore.optim.schedules",
        "Linear": "allcore.optim.schedules",
        "Cosine": "allcore.optim.schedules",
        "as_schedule": "allcore.optim.schedules",
        "schedule_from_json": "allcore.optim.schedules",
        "Adam": "allcore.optim.adam",
        "CentredRMSprop": "allcore.optim.centred_rmsprop",
        "RMSpropTF": "allcore.optim.rmsprop_tf",
    },
)
