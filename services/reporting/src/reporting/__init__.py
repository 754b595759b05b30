"""The ledger of events, and the data set that is counted from it."""
