"""medpipe keeps a fine-tuned medical question-answering LLM current. docs/architecture.md has its design."""

__version__ = "0.1.0"
