"""One file per optimizer that a config can name."""
