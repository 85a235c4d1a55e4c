"""The metric ``word_information_lost``, for sequences and texts: word_information_lost"""

from __future__ import annotations

from declml.components.metrics.borrowed_text import text_metric

WORD_INFORMATION_LOST = text_metric(
    "word_information_lost",
    "word_information_lost",
    "What share of the words of the truth and of the answers the other has not.",
    high=1.0,
)
