"""What must never be answered, said or taught: guardrails and identifiers of persons."""
