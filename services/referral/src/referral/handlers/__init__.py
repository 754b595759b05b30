"""What this service does about each message: load, decide, save, publish."""
