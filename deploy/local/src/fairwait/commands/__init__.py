"""What a person at the terminal can ask for, one file a group of commands."""
