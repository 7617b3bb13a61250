"""Where tests find things: the checkout, and the real records beside it that are never part of it."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
"""Real records of NLM and of published sets. Tests that need them skip where the folder is absent."""
CASES = ROOT.parent / "shared" / "cases"
"""Small inputs, in folders by number, that put medpipe into situations that were reported in public."""
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
"""The browser that shows pages; None where there is none."""
