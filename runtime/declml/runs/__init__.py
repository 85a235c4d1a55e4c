"""Run folders, read only and without torch: find, open, list, compare."""
