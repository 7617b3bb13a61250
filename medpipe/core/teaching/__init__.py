"""From documents and feedback to examples, preference pairs and held-out samples."""
