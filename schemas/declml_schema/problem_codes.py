"""The codes of all problems that have a place in a config, by who finds them: ``# declml: ignore[CODE]`` names them."""

from __future__ import annotations

CHECK_CODES = frozenset(
    {
        # The text as YAML.
        "alias-budget", "ambiguous-scalar", "complex-key", "duplicate-key", "git-conflict", "merge-key",
        "multiple-documents", "nesting-too-deep", "not-text", "recursive-alias", "tab-indentation", "tag-mismatch",
        "unknown-alias", "unsupported-tag", "unused-anchor", "yaml-syntax",
        # The config as such, and each part of it.
        "empty-config", "foreign-parameter", "ignored-parameter", "legacy-spelling", "missing-key", "not-a-choice",
        "not-a-config", "not-built-yet", "out-of-range", "override-path", "text-number", "unknown-key", "unknown-type",
        "wrong-type",
        # The parts against each other.
        "absent-column", "absent-feature", "at-most", "dependency-circle", "divisible", "duplicate-feature",
        "exclusive", "feature-in-and-out", "feature-mismatch", "loss-mismatch", "metric-mismatch",
        "model-type-mismatch", "no-tokens", "probabilities-sum", "requires", "reserved-name", "tied-circle",
        "tied-mismatch", "tokens-not-reduced",
        # The comments that hide problems.
        "ignore-error", "ignore-form", "unknown-code", "unused-ignore",
    }
)  # fmt: skip
"""What `declml_schema.check` finds in a text."""

DATA_CODES = frozenset(
    {
        # What a column holds against what the config says of it.
        "absent-true-label", "all-missing", "constant-column", "guessed-true-label", "infinite-value", "looks-like-id",
        "missing-dropped", "missing-target", "not-a-date", "not-a-number", "not-a-vector", "not-an-h3-index",
        "not-binary", "not-shares", "one-class", "outside-log1p", "wrong-column-type", "wrong-length",
        # What the columns are to each other, and the rows to the split.
        "class-imbalance", "feature-equals-target", "outlier", "unreadable-value", "unfit-labels", "unseen-class",
        "unseen-value",
        # The files.
        "guessed-encoding", "no-header", "offline-source", "skipped-rows",
    }
)  # fmt: skip
"""What only the data tell, and may keep no training from running."""
