"""A small NLM on localhost, over an invented medicine and a calendar of three days.

It publishes what MedlinePlus, MedlinePlus Genetics, PubMed's file server and E-utilities publish, in their
formats. Start it with `python -m medpipe.sandbox.nlm --port 8200`.
"""
