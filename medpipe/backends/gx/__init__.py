"""Validation by Great Expectations."""
