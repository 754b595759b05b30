"""What the published files say, record by record, for the building of the reference world."""
