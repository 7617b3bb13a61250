"""The corpus as a Delta table."""
