"""The tree of errors, its drawing and the exit statuses."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from medpipe import errors


def _tree(kind: type[errors.MedpipeError], depth: int = 0) -> Iterator[tuple[int, type[errors.MedpipeError]]]:
    yield depth, kind
    for child in kind.__subclasses__():
        if child.__module__ == "medpipe.errors":
            yield from _tree(child, depth + 1)


TREE = list(_tree(errors.MedpipeError))
DRAWN = re.findall(r"^    ([│├└─ ]*)(\w+) +(\d+)  ", errors.__doc__ or "", re.MULTILINE)


def test_the_drawing_has_every_error_below_its_parent() -> None:
    assert [(len(lines) // 4, name) for lines, name, _ in DRAWN] == [(depth, kind.__name__) for depth, kind in TREE]


@pytest.mark.parametrize(("name", "status"), [(name, int(status)) for _, name, status in DRAWN])
def test_an_error_exits_with_the_status_that_the_drawing_says(name: str, status: int) -> None:
    assert errors.exit_status(getattr(errors, name)("x")) == status


def test_an_error_below_the_tree_has_the_status_of_its_nearest_ancestor() -> None:
    class BadFile(errors.SourceError):
        pass

    assert errors.exit_status(BadFile("x")) == 75


@pytest.mark.parametrize(
    ("error", "status"),
    [(KeyboardInterrupt(), 130), (BrokenPipeError(), 141), (KeyError("x"), 70), (OSError(), 70), (SystemError(), 70)],
)
def test_errors_outside_the_tree_have_statuses_of_their_own(error: BaseException, status: int) -> None:
    assert errors.exit_status(error) == status


def test_only_wrong_usage_and_rejected_data_are_hopeless() -> None:
    hopeless = {kind.__name__ for _, kind in TREE if errors.hopeless(errors.exit_status(kind("x")))}
    usage = {"UsageError", "NotFound", "CannotPass", "ConfigError"}
    assert hopeless == usage | {"DataError", "BatchRejected", "NotValidated", "NotCertified", "Damaged"}
