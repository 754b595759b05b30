"""The national proof: a published month, told again as events, counted, and held against itself."""
