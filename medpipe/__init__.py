"""medpipe keeps a fine-tuned medical question-answering model current. docs/architecture.md says how it is built."""

__version__ = "0.1.0"
