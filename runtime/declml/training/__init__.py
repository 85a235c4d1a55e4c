"""The training loop and what it needs: knows modules and batches, never a config, a feature or a metric's formula."""
