"""The gateway in front of the inference engine: stateless, and the only thing that clients reach."""
