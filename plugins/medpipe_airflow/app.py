"""The model board inside Airflow: HTML pages for users who may read the DAG retrain."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape

from medpipe.errors import MedpipeError, NotFound
from medpipe.ports import Ports
from medpipe.settings import Settings
from medpipe.wiring import ports
from medpipe_airflow import board, figures
from medpipe_airflow.viewing import viewing


def reader(user: GetUserDep) -> None:
    """Refuse strangers (401, 403): Airflow serves a plugin's pages to anybody unless the plugin checks."""
    allowed = get_auth_manager().is_authorized_dag(method="GET", details=DagDetails(id="retrain"), user=user)
    if not allowed:
        raise HTTPException(403, "the model board is for users who may read the DAG `retrain`")


@lru_cache
def _ports() -> Ports:
    return ports(Settings())


def _view() -> Ports:
    return viewing(_ports())


router = APIRouter(dependencies=[Depends(reader)])
PortsDep = Annotated[Ports, Depends(_view)]


@router.get("/board", response_class=HTMLResponse)
def show_board(everything: PortsDep) -> str:
    """Show the champion, the latest challenger and the decisions."""
    return _render("board.html", board=board.read_board(everything))


@router.get("/board/version/{name}", response_class=HTMLResponse)
def show_version(name: str, everything: PortsDep) -> str:
    """Show one version: metrics before and after, gates, and its origin."""
    return _render("version.html", **board.read_version(everything, name)._asdict())


@router.get("/data-docs", response_class=HTMLResponse)
def list_data_docs(everything: PortsDep) -> str:
    """List every validation, with its page of Great Expectations' Data Docs."""
    return _render("data_docs.html", validations=board.read_validations(everything, Settings().home / "data_docs"))


@router.get("/data-docs/of/{suite}/{kind}/{digest}")
def find_data_docs(suite: str, kind: str, digest: str, everything: PortsDep) -> RedirectResponse:
    """Redirect to the page of the newest validation of some data; to the list if it has none (an empty delivery)."""
    page = board.page_of(everything, Settings().home / "data_docs", f"{kind}/{digest}", suite)
    return RedirectResponse(f"/medpipe/data-docs/{page}".rstrip("/"))


@router.get("/data-docs/{path:path}")
def show_data_docs(path: str) -> FileResponse:
    """Serve a file of Great Expectations' Data Docs. Paths outside their folder are 404."""
    root = (Settings().home / "data_docs").resolve()
    file = (root / path).resolve()
    if file.is_dir():
        file /= "index.html"
    if not file.is_relative_to(root) or not file.is_file():
        raise HTTPException(404, "no such page; Data Docs appear after the first validation")
    return FileResponse(file)


def _say(_: Request, error: Exception) -> PlainTextResponse:
    """Show an expected error as its sentence, instead of a page: 404 for what does not exist."""
    return PlainTextResponse(str(error), 404 if isinstance(error, NotFound) else 500)


def _render(template: str, **values: object) -> str:
    return _templates().get_template(template).render(**values)


@lru_cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"lineage": board.LINEAGE}
    environment.filters |= {"metric": figures.metric, "interval": figures.interval}
    return environment


app = FastAPI(title="medpipe model board", docs_url=None, redoc_url=None, openapi_url=None)
app.include_router(router)
app.add_exception_handler(MedpipeError, _say)
