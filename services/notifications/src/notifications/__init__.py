"""What to tell whom, by which channel and when; takes the patient's answers."""
