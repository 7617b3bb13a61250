"""The plugin that Airflow loads: the model board, NLM's release calendar and the link to Data Docs."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin
from medpipe_airflow.app import app
from medpipe_airflow.calendar import NlmReleaseTimetable
from medpipe_airflow.links import DataDocsLink


class MedpipePlugin(AirflowPlugin):
    """Airflow finds this class in its plugins folder."""

    name = "medpipe"
    timetables = [NlmReleaseTimetable]
    operator_extra_links = [DataDocsLink()]
    fastapi_apps = [{"app": app, "url_prefix": "/medpipe", "name": "medpipe"}]
    external_views = [
        {
            "name": "Model board",
            "href": "/medpipe/board",
            "destination": "nav",
            "url_route": "model-board",
        }
    ]
