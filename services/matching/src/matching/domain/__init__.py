"""The decisions of matching: pure functions over frozen values."""
