"""A small NLM on localhost: what MedlinePlus, PubMed's file server and E-utilities publish, in their
formats, over an invented medicine and a calendar of two days. `python -m medpipe.sandbox.nlm --port 8200`."""
