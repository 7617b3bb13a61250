"""From answers to scores, from scores to intervals, from intervals to decisions."""
