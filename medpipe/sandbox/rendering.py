"""The sandbox's HTML, rendered from the templates in `medpipe/sandbox/templates`."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, **values: object) -> str:
    """Return `templates/<template>` filled with `values`, which are escaped unless they are `markupsafe.Markup`.

    Raises `jinja2.UndefinedError` for a name that the template uses and `values` lacks.
    """
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    # NLM's pages are imitated byte for byte, so a line that holds only a tag leaves nothing behind and the
    # last newline of a file stays.
    return Environment(
        loader=PackageLoader("medpipe.sandbox"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
