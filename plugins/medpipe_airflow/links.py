"""Links that tasks carry in Airflow's grid: from a validation to its page of Data Docs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from airflow.providers.standard.decorators.python import _PythonDecoratedOperator
from airflow.sdk import BaseOperatorLink
from airflow.sdk.bases.decorator import task_decorator_factory


class DataDocsLink(BaseOperatorLink):
    """The page of the validation that a task made; the address looks it up, so that it holds for failed tasks too."""

    name = "Data Docs"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Called in the worker when the task has ended, with its arguments filled in; Airflow keeps it as an XCom."""
        given = operator.op_kwargs
        return f"/medpipe/data-docs/of/{given['suite']}/{given['data']}"


class ValidatingOperator(_PythonDecoratedOperator):
    """`@task`'s operator with the link."""

    operator_extra_links: ClassVar[tuple[BaseOperatorLink, ...]] = (DataDocsLink(),)  # type: ignore[misc]


def validating_task(**options: Any) -> Callable[..., Any]:
    """As `airflow.sdk.task(**options)`, with the link."""
    multiple_outputs = options.pop("multiple_outputs", None)
    made: Callable[..., Any] = task_decorator_factory(
        multiple_outputs=multiple_outputs, decorated_operator_class=ValidatingOperator, **options
    )
    return made
