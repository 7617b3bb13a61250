"""What a version carries: which documents it learned from, directly or through its ancestors."""
