"""What is done to the passage of a question, and whether the answer must then be another one."""

from __future__ import annotations

ORIGINAL = "original"
"""The passage as it is."""
REMOVED = "removed"
"""Without the sentences that decide."""
REPLACED = "replaced"
"""With another value, or with a finding that is turned into its opposite."""
RETRACTED = "retracted"
"""With a notice that the text was retracted."""
REORDERED = "reordered"
"""The same sentences in another order."""
NEUTRAL = "neutral"
"""With a sentence that says nothing about the question."""

TWINS = (REMOVED, REPLACED, RETRACTED)
"""The evidence has moved: the answer must be another one."""
CONTROLS = (REORDERED, NEUTRAL)
"""The evidence is the same: the answer must be, too."""
