"""HL7 v2 over MLLP: framing, reading, what each message means, and the acknowledgement.

`server.py` listens, `intake.py` answers one message, and everything else is plain functions.
"""
