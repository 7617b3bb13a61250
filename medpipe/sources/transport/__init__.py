"""Downloading and reading files, as all publishers share it.

| module | what it has |
|---|---|
| `session` | HTTP sessions, one GET, NLM's day of an answer |
| `retry` | repeating requests after errors that may be temporary |
| `pace` | rate limits that all processes of a machine keep |
| `download` | whole files over HTTP, kept in a cache |
| `checksum` | MD5 sums as NLM publishes them |
| `listing` | the files of an index page or a folder, and when they were posted |
| `archive` | published files, unpacked while they are read |
| `safe_xml` | large XML from outside, one record at a time |
| `document_cache` | documents of files that were read before |
| `document_ids` | the ids that a pull is asked for |
| `progress` | counting documents in the log |
"""
