"""What the editor offers to do to a config: one file per kind of offer."""
