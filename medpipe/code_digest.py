"""A digest of the code that can change what a verb makes: it is part of every ref.

It covers the definitions that the verb's function reaches by name, through the whole package, those of the modules
that do its work behind ports, and the versions of the libraries below them. A change of another function, a comment,
a docstring or an annotation of a signature gives the same digest: an unrelated commit makes no work again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import medpipe
from medpipe.core import sources
from medpipe.core.refs import digest_of
from medpipe.errors import NotFound

_REDACTOR, _GUARDRAILS = "backends.presidio_redactor", "core.safety.guardrails"
_BEHIND_PORTS = {
    "validate": ("backends.gx.validator", _REDACTOR),
    "build_corpus": ("backends.delta.corpus",),
    "build_index": ("backends.bm25_index",),
    "build_examples": (_REDACTOR, "backends.rensa_duplicates", "backends.languages"),
    "build_pairs": (_REDACTOR, _GUARDRAILS),
    "build_preferences": (_REDACTOR, _GUARDRAILS),
    "build_rated_pairs": (_GUARDRAILS,),
    "take_ratings": (_REDACTOR,),
    "estimate_ratings": ("backends.openai_judge",),
    "train": ("backends.trl.trainer",),
    "prepare_base": ("backends.preparer",),
    "evaluate": ("backends.transformers_generator", "backends.vllm_engine", _GUARDRAILS),
    "probe_withdrawals": ("backends.transformers_generator", "backends.vllm_engine"),
    "classify_facts": (
        "backends.transformers_generator",
        "backends.vllm_engine",
        _REDACTOR,
        "backends.rensa_duplicates",
        "backends.languages",
        _GUARDRAILS,
    ),
    "measure": (
        "backends.transformers_generator",
        "backends.transformers_entailment",
        "backends.overlaps",
        "core.judging.entailment",
    ),
}
"""Verb → the modules whose code decides what it makes. A verb calls them through ports, so no name leads there."""

_LIBRARIES = {
    "validate": ("great_expectations",),
    "build_examples": ("presidio-analyzer", "rensa", "py3langid"),
    "build_index": ("bm25s",),
    "build_pairs": ("presidio-analyzer",),
    "build_preferences": ("presidio-analyzer",),
    "take_ratings": ("presidio-analyzer", "scikit-learn"),
    "train": ("torch", "transformers", "peft", "trl", "bitsandbytes"),
    "prepare_base": ("torch", "transformers", "peft", "bitsandbytes", "compressed-tensors"),
    "evaluate": ("torch", "transformers", "peft", "compressed-tensors", "vllm"),
    "probe_withdrawals": ("torch", "transformers", "peft", "bitsandbytes", "vllm"),
    "classify_facts": (
        "torch",
        "transformers",
        "peft",
        "compressed-tensors",
        "vllm",
        "presidio-analyzer",
        "rensa",
        "py3langid",
    ),
    "measure": ("torch", "transformers", "peft", "bitsandbytes", "rouge-score", "sacrebleu"),
}
"""Verb → the libraries whose version can change what it makes."""

_OPAQUE = frozenset({"medpipe.ports", "medpipe.errors", "medpipe.code_digest", "medpipe.steps.lease"})
"""Modules whose code makes nothing: interfaces, errors, leases, and this one."""


class _Name(NamedTuple):
    module: str
    name: str
    """Empty for the whole module."""


@cache
def of(verb: str, source: str = "", package: Path = Path(medpipe.__file__).parent) -> str:
    """Return the digest of the code and the libraries of a verb; for `pull`, of the reader of `source`.

    `package`: the folder of the package whose text is read.
    """
    roots = [_Name("medpipe.steps", verb), *(_Name(f"medpipe.{name}", "") for name in _BEHIND_PORTS.get(verb, ()))]
    if source:
        roots += _readers(source, package)
    libraries = {library: _version(library) for library in _LIBRARIES.get(verb, ())}
    return digest_of({"code": sorted(set(_Package(package).reached(roots))), "libraries": libraries})


@cache
def of_modules(*modules: str, package: Path = Path(medpipe.__file__).parent) -> str:
    """Return the digest of the definitions of some modules, and of what they reach. `modules`: without `medpipe.`."""
    roots = [_Name(f"medpipe.{module}", "") for module in modules]
    return digest_of(sorted(set(_Package(package).reached(roots))))


def _readers(source: str, package: Path) -> list[_Name]:
    """Return the modules that read a source; none for a source that other ports provide."""
    try:
        publisher = sources.named(source).publisher
    except NotFound:
        return []
    files = sorted((package / "sources" / publisher).glob("*.py"))
    return [_Name(f"medpipe.sources.{publisher}.{file.stem}", "") for file in files]


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""


class _Package:
    """The definitions of a package, parsed where they are reached."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._modules: dict[str, dict[str, list[ast.stmt]]] = {}

    def reached(self, roots: list[_Name]) -> Iterator[tuple[str, str, str]]:
        """Yield module, name and normalised text of every definition that the roots lead to."""
        waiting, seen = list(roots), set(roots)
        while waiting:
            module, name = waiting.pop()
            definitions = self._definitions(module)
            for bound in [name] if name else list(definitions):
                for node in definitions.get(bound, ()):
                    if not isinstance(node, ast.Import | ast.ImportFrom):
                        yield module, bound, ast.unparse(node)
                    new = {found for found in self._references(module, bound, node) if found.module not in _OPAQUE}
                    waiting += new - seen
                    seen |= new

    def _references(self, module: str, name: str, node: ast.stmt) -> Iterator[_Name]:
        if isinstance(node, ast.ImportFrom):
            yield from self._imported(node, name)
            return
        for part in ast.walk(node):
            if isinstance(part, ast.ImportFrom):
                yield from self._imported(part)
            elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                yield from (_Name(found, part.attr) for found in self._modules_called(module, part.value.id))
            elif isinstance(part, ast.Name) and not self._modules_called(module, part.id):
                yield _Name(module, part.id)

    def _modules_called(self, module: str, name: str) -> list[str]:
        """Return the module that a name is bound to by an import: `naming` in `from medpipe.core import naming`."""
        imports = [node for node in self._definitions(module).get(name, ()) if isinstance(node, ast.ImportFrom)]
        found = [f"{node.module}.{alias.name}" for node in imports for alias in node.names if _bound(alias) == name]
        return [candidate for candidate in found if self._file(candidate)]

    def _imported(self, node: ast.ImportFrom, only: str = "") -> Iterator[_Name]:
        """Yield what an import from the package binds, or only what it binds to one name. Modules are not yielded."""
        for alias in node.names:
            wanted = only in ("", _bound(alias)) and self._file(str(node.module))
            if wanted and not self._file(f"{node.module}.{alias.name}"):
                yield _Name(str(node.module), alias.name)

    def _definitions(self, module: str) -> dict[str, list[ast.stmt]]:
        """Map each top-level name of a module to the statements that bind it, without what no run can show."""
        if module not in self._modules:
            file = self._file(module)
            tree = ast.parse(file.read_text(encoding="utf-8")) if file else ast.Module([], [])
            definitions: dict[str, list[ast.stmt]] = {}
            for node in _Stripped().visit(tree).body:
                for name in _names(node):
                    definitions.setdefault(name, []).append(node)
            self._modules[module] = definitions
        return self._modules[module]

    def _file(self, module: str) -> Path | None:
        """Return the file of a module of the package; None for anything else."""
        parts = module.split(".")
        if parts[0] != "medpipe":
            return None
        place = self._folder.joinpath(*parts[1:])
        files = (place.with_suffix(".py"), place / "__init__.py")
        return next((file for file in files if file.is_file()), None)


class _Stripped(ast.NodeTransformer):
    """Takes out what no run can show: docstrings and the annotations of signatures."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | ast.Pass:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return ast.Pass() if text else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [_bound(alias) for alias in node.names]
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
    return []


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]
