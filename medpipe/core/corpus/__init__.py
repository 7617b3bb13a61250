"""Documents: what one is, which revision stands, what changed, what a delivery is like."""
