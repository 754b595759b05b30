"""Pages for people who use no API: the waiting list, a pathway's story, rejected messages, counts."""
