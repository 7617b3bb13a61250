"""A link on validation tasks in Airflow's grid: to the batch's page of Data Docs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from airflow.providers.standard.decorators.python import _PythonDecoratedOperator
from airflow.sdk import BaseOperatorLink
from airflow.sdk.bases.decorator import task_decorator_factory


class DataDocsLink(BaseOperatorLink):
    """A link to the page of a task's validation. The address looks the page up, so it works for failed tasks too."""

    name = "Data Docs"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address. The worker calls this when the task has ended; Airflow keeps the result as an XCom."""
        arguments = operator.op_kwargs
        return f"/medpipe/data-docs/of/{arguments['suite']}/{arguments['data']}"


class ValidatingOperator(_PythonDecoratedOperator):
    """The operator of `@task`, with the link."""

    operator_extra_links: ClassVar[tuple[BaseOperatorLink, ...]] = (DataDocsLink(),)  # type: ignore[misc]


def validating_task(**options: Any) -> Callable[..., Any]:
    """Return a decorator like `airflow.sdk.task(**options)` whose tasks have the link."""
    multiple_outputs = options.pop("multiple_outputs", None)
    decorator: Callable[..., Any] = task_decorator_factory(
        multiple_outputs=multiple_outputs, decorated_operator_class=ValidatingOperator, **options
    )
    return decorator
