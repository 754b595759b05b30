"""What every Fairwait service stands on: Kafka, MongoDB, delivery, health and logs. Knows no business word."""
