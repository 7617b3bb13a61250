"""MedlinePlus: health topics, its search service and MedlinePlus Genetics.

`topics_source`, `search_source` and `genetics_source` are the three sources. `topics`, `topic_groups`,
`search_answers` and `genetics` each read one format, and `summaries` turns the HTML of a summary into sections.
"""
