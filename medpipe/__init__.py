"""medpipe keeps a fine-tuned medical question-answering LLM current. See DESIGN in docs/."""

__version__ = "0.1.0"
