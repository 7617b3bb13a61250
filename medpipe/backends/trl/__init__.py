"""Training by TRL."""
