"""Triage, judged as clinicians would: who was sent away, who was found, and whether the wording changed the answer.

`figures` measures the scores of a benchmark of cases, `gate` holds them to limits. docs/triage.md explains both.
"""
