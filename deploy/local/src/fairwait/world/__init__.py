"""The synthetic world of a local run: who is referred where, on which days, and what they choose."""
