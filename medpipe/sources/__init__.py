"""Readers of published documents: one folder for each publisher, and `transport`, which they share.

A module named `*_source` implements `medpipe.ports.Source`; the others read one format each.
"""
