"""Triage: how soon a person must be seen, and cases whose wording changes while the answer must not.

`labels` are the three answers, `scales` reads those of other scales, `case` is an account in three languages, and
`conditions` with `typos` word it in other ways. docs/triage.md explains them.
"""
