"""Tables in, batches out: sources, subset, split, fit, transform, cache, profile. Knows no feature type by name."""
