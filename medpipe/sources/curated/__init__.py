"""Published question-and-answer sets: what each is, and how one of its records is read.

`sets` is the table. `files` reads the rows of a local copy, `hub` those of the Hugging Face hub. `medquad`,
`pubmedqa`, `liveqa`, `choices`, `dialogues`, `preferences` and `triage` turn a row into an `entry.Reading`.
"""
