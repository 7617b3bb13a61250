"""PubMed: citation files and the E-utilities."""
