"""What NLM publishes, as it publishes it: fetching (`fetch`), XML read safely (`safe_xml`), MedlinePlus
topics (`topics`), PubMed citations (`citations`). Backends put these together into sources; nothing here
knows a port's caller."""
