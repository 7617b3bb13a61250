"""From answers to scores, intervals and decisions."""
