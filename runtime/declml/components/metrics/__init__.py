"""One file per metric that a config can name."""
