"""The ways in: each turns bytes into a submission, or into faults in the sender's own protocol."""
