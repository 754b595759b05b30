"""The pages on which a patient chooses where to be treated."""
