"""From documents and feedback to what a model learns and is asked."""
