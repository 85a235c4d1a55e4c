"""One file per loss that a config can name."""
