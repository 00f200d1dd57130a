"""Weights that are not finite are not saved over those that were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allcore.approximation.loss_watch import goes_on_regardless, non_finite

if TYPE_CHECKING:
    from allcore.presets import Preset


def check_weights(preset: Preset) -> None:
    """Refuse weights that cannot be used; those of a run that goes on regardless pass.

    Raises:
        NonFiniteError: a parameter holds something infinite, or it or a buffer what is not a number. Bounds are buffers, which
            may be infinite.
    """
    if goes_on_regardless():
        return
    bad = [name for name, each in preset.named_parameters() if not each.isfinite().all()]
    bad += [name for name, each in preset.named_buffers() if each.isnan().any()]
    if bad:
        more = f" and {len(bad) - 1:,} more" if len(bad) > 1 else ""
        raise non_finite(f"The weights of {preset.name} are not finite any more: {bad[0]}{more}.", {})
