"""Reports of progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""A callback for progress: the share that is done, from 0 to 1, and a short text."""
