"""Documents: their fields, the merging of revisions, drift, and measures of a delivery."""
