"""The splits: which row trains, which validates, which tests."""
