"""The metric ``extended_edit_distance``, for sequences and texts: extended_edit_distance"""

from __future__ import annotations

from declml.components.metrics.borrowed_text import text_metric

EXTENDED_EDIT_DISTANCE = text_metric(
    "extended_edit_distance",
    "extended_edit_distance",
    "How many characters must be changed to make the truth of the answers, where moving a part costs once.",
    high=1.0,
)
