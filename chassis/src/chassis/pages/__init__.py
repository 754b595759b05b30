"""What pages for people have in common: the NHS style, its parts as templates, and its files."""
