"""FHIR R4: ServiceRequest and BaRS-shaped messages, in and out.

Policy: refuse only what we need and cannot use, warn of the rest. NHS England's own published
examples break R4, so a sender that follows them must still get its referral in.
"""
