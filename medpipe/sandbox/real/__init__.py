"""`make demo-real`: the verbs on a real pretrained base and real data, from documents to a served model and a report."""
