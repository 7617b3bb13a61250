"""What must never be answered, said or taught: the guardrail policy, its engine, and identifiers of persons."""
