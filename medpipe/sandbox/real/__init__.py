"""`make demo-real`: the verbs on a real base and real data, from documents to a served model and a report."""
