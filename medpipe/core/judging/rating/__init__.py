"""Answers that clinicians rate: which ones, on what scale, how well the raters agree, and what a gate makes of it."""
