"""The metric ``translation_edit_rate``, for sequences and texts: translation_edit_rate"""

from __future__ import annotations

from declml.components.metrics.borrowed_text import text_metric

TRANSLATION_EDIT_RATE = text_metric(
    "translation_edit_rate",
    "translation_edit_rate",
    "How many words must be changed or moved to make the truth of the answers, for each word of the truth.",
    references=True,
)
