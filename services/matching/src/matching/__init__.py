"""Who may treat, who has room, what to offer and who moves."""
