"""FHIR search: what is asked, which resources answer it, and the pages they come in."""
