"""Evidence twins: whether an answer moves if and only if the evidence in its passage moves.

`conditions` names what is done to a passage, `edits` does it, `figures` measures the scores, and `gate` holds them to
limits. `core.teaching.evidence_twins` makes the samples. docs/evidence.md explains all of them.

Sources: contrast sets (Gardner et al., Findings of EMNLP 2020, arXiv:2004.02709), substituted values that contradict
what a model remembers (Longpre et al., EMNLP 2021, arXiv:2109.05052), and controls that must change nothing
(invariance tests: Ribeiro et al., ACL 2020, arXiv:2005.04118).
"""
