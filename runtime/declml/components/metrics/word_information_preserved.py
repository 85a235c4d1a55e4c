"""The metric ``word_information_preserved``, for sequences and texts: word_information_preserved"""

from __future__ import annotations

from declml.components.metrics.borrowed_text import text_metric

WORD_INFORMATION_PRESERVED = text_metric(
    "word_information_preserved",
    "word_information_preserved",
    "What share of the words of the truth and of the answers the other has too.",
    goal="maximize",
    high=1.0,
)
