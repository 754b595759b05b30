"""Signals of NHS England's Multicast Notification Service: what becomes known of a person nationally.

`events.py` reads a CloudEvent in either mode, `delivered.py` the FHIR Bundle in which the service
delivers one, `records.py` the record of the Personal Demographics Service that comes along, and
`meaning.py` says which submission each type becomes.
"""
