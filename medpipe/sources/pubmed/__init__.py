"""PubMed: citation files and the E-utilities.

`files_source` and `eutils_source` are the two sources. `citations` turns an XML file into documents, with
`article_set` (the elements of the file), `record` (what one record says), and, for parts of a record, `dates`,
`language_codes` and `markup` (inline markup and MathML as plain text).
"""
