"""What crosses the wire: events, submissions, identifiers, code lists, the topic catalogue."""
