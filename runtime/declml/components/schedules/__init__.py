"""One file per schedule that a config can name."""
