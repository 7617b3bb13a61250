"""What publishers publish, one folder a publisher; `transport` is what they share.

A module named `*_source` implements `medpipe.ports.Source`; the others read one format each.
"""
