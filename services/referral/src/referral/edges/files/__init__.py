"""Waiting-list files: CSV and NDJSON, read row by row, every row accepted or told why not."""
