"""The model board inside Airflow: closed to strangers, helpful when empty, and complete."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from medpipe import steps
from medpipe.backends.artifacts import FolderStore
from medpipe.core.corpus.watermark import Listing, Watermark
from medpipe.core.judging.gates import Outcome
from medpipe.core.refs import ref
from medpipe.settings import Settings
from tests.policies import approving
from tests.steps.conftest import DAY_1, DAY_2, article, publish, topic

PAGES = (
    "/medpipe/board",
    "/medpipe/board/version/medqa-v1-000000",
    "/medpipe/data-docs",
    "/medpipe/data-docs/documents/index.html",
    "/medpipe/data-docs/of/documents/documents/0123456789abcdef",
)


@pytest.fixture(scope="module")
def airflow(airflow_home):
    """Airflow's API server with the plugin, which takes seconds to build."""
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    with TestClient(create_app()) as client:
        yield client


@pytest.fixture
def client(airflow, ring, monkeypatch):
    """A stranger to Airflow, to whom the board shows the state of this test."""
    from medpipe_airflow.app import _ports

    monkeypatch.setenv("MEDPIPE_PORTS", "tests.fakes:ports")
    _ports.cache_clear()
    airflow.headers.pop("Authorization", None)
    airflow.cookies.clear()
    yield airflow
    _ports.cache_clear()


def log_in(client, user: str = "viewer") -> None:
    token = client.post("/auth/token", json={"username": user, "password": user}).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"


@pytest.mark.parametrize("page", PAGES[:3])
def test_a_page_looks_at_the_artifacts_by_one_view(client, monkeypatch, page):
    """In an object store anything else is a request for each manifest."""
    views, view = [], FolderStore.view
    monkeypatch.setattr(FolderStore, "view", lambda store: (views.append(store), view(store))[1])
    log_in(client)
    client.get(page)
    assert len(views) == 1


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_sees_nothing(client, page):
    assert client.get(page).status_code == 401


@pytest.mark.parametrize("page", PAGES)
def test_a_made_up_token_is_refused(client, page):
    client.headers["Authorization"] = "Bearer not.a.token"
    assert client.get(page).status_code in (401, 403)


def test_the_empty_board_says_how_to_begin(client):
    log_in(client)
    page = client.get("/medpipe/board")
    assert page.status_code == 200
    assert "No version yet" in page.text and "/dags/corpus" in page.text


def test_the_board_and_the_version_page_show_what_was_decided_and_why(client, ring):
    from tests import fakes
    from tests.steps.test_ring import refresh, retrain

    ports = fakes.ports(Settings(home=ring))
    publish(ports, [topic(number) for number in range(12)])
    version, decision = retrain(ports, refresh(ports, DAY_1, DAY_2))
    steps.promote(version, ports=ports)
    log_in(client)
    board = client.get("/medpipe/board").text
    name = version.removeprefix("version/")
    assert name in board and "Champion" in board and "promoted" in board
    page = client.get(f"/medpipe/board/version/{name}").text
    for shown in ("new-knowledge", "gained new-knowledge", "<svg", "corpus/", decision, "tiny-llama"):
        assert shown in page
    assert "share of unsafe replies; lower is better" in board
    assert "share of unsafe replies; lower is better" in page
    assert "2.5 % of 2.5 % left" in page and "look 1 at these questions, judged at 0.478 %" in page
    for shown in ("Error budget", "<tr><td>over-refusal</td>", "judged at 0.478 %"):
        assert shown in board


def test_the_board_lists_withdrawals_with_their_state_and_no_text(client, ring):
    from tests import fakes
    from tests.steps.test_ring import first_champion

    ports = fakes.ports(Settings(home=ring))
    first_champion(ports)
    steps.withdraw(("mplus:900003",), "<b>takedown</b>", "Dr. A", ports=ports)
    log_in(client)
    board = client.get("/medpipe/board").text
    assert "Withdrawals" in board and "mplus:900003" in board and "opened" in board
    assert "<b>takedown" not in board and "omib" not in board


def test_the_board_shows_the_bound_of_the_champions_certificate(client, ring):
    from tests import fakes
    from tests.steps.conftest import RETRACTED
    from tests.steps.test_ring import promote_hotfix

    ports = fakes.ports(Settings(home=ring))
    version = promote_hotfix(ports)
    probes = [steps.probe_withdrawals(version, at, ports=ports) for at in steps.plan_probes(version, ports=ports)]
    log_in(client)
    assert "9.5 %" not in client.get("/medpipe/board").text
    certificate = steps.certify(RETRACTED, version, tuple(probes), ports=ports)
    assert f'<span title="{certificate}">9.5 %</span>' in client.get("/medpipe/board").text


def test_the_board_says_which_version_is_barred_and_why_and_who_lifted_it_again(client, ring):
    from tests import fakes
    from tests.steps.versions import version

    ports = fakes.ports(Settings(home=ring))
    name, _ = version(ports, 1)
    steps.bar(name, "wrong drug for gout", "Dr. A", ports=ports)
    log_in(client)
    board = client.get("/medpipe/board").text
    assert standing(board, name).startswith("barred since 20") and "by Dr. A wrong drug for gout" in standing(
        board, name
    )
    page = client.get(f"/medpipe/board/{name}").text
    assert "It is barred and will not become champion: wrong drug for gout" in page
    steps.unbar(name, "the drug was right", "Dr. B", ports=ports)
    board = client.get("/medpipe/board").text
    assert standing(board, name).startswith("judged"), "it is not barred any more"
    for said in ('<td class="nowrap">Dr. A<', "wrong drug for gout", '<td class="nowrap">Dr. B<', "the drug was right"):
        assert said in board, "and the ledger keeps both"
    assert '<td class="nowrap">Dr. A</td>' in client.get(f"/medpipe/board/{name}").text


def test_a_version_that_is_held_although_its_gates_passed_is_shown_with_what_held_it(client, ring):
    from tests import fakes
    from tests.steps.versions import promoted, version

    ports = fakes.ports(Settings(home=ring))
    first = promoted(ports)
    second, _ = version(ports, 2, plan="relearn", incumbent=first, start_from=ref("adapter", 1))
    third, _ = version(ports, 3, said=Outcome.FAIL, incumbent=first)
    for each in (second, third):
        steps.promote(each, ports=ports)
    steps.bar(third, "wrong drug", "Dr. A", ports=ports)
    steps.promote(third, ports=ports)
    log_in(client)
    board = client.get("/medpipe/board").text
    assert standing(board, first).startswith("champion since 20")
    assert standing(board, second).startswith("held on 20") and "it unlearned nothing of" in standing(board, second)
    assert "held because: unfit plan" in standing(board, second)
    assert standing(board, third).startswith("barred since 20"), "the bar, and not that it was held"
    assert "it unlearned nothing of" in client.get(f"/medpipe/board/{second}").text


def test_the_board_shows_a_champion_that_is_older_than_the_versions_it_lists(ring):
    from medpipe_airflow.board import read_board

    from tests import fakes
    from tests.steps.versions import promoted, version

    ports = fakes.ports(Settings(home=ring))
    first = promoted(ports)
    second, _ = version(ports, 2, said=Outcome.FAIL, incumbent=first)
    board = read_board(ports, limit=1)
    assert [each.listed.version for each in board.versions] == [second]
    assert board.champion is not None and board.champion.listed.version == first
    assert board.challenger is not None and board.challenger.listed.version == second


def test_the_board_shows_which_hotfix_waits_for_a_person_and_what_was_decided(client, ring, monkeypatch):
    from tests import fakes
    from tests.steps.test_ring import first_champion

    monkeypatch.setenv("MEDPIPE_POLICIES", str(approving(ring / "policies")))
    ports = fakes.ports(Settings(home=ring))
    first_champion(ports)
    steps.withdraw(("mplus:900003",), "takedown", "Dr. A", ports=ports)
    log_in(client)
    board = client.get("/medpipe/board").text
    assert 'A hotfix waits for a person: <code class="nowrap">mplus:900003</code>' in board
    assert "/required_actions" in board
    steps.decide_hotfix(("mplus:900003",), "reject", "<i>not</i> needed", "Dr. B", ports=ports)
    board = client.get("/medpipe/board").text
    assert "A hotfix waits" not in board
    assert '<span class="badge rejected">rejected</span><br><span class="soft small">Dr. B: &lt;i&gt;not' in board
    assert "hotfix-rejected" in board


def standing(board: str, version: str) -> str:
    """The words of the board's cell that says where a version stands."""
    row = board[board.index(f'<td class="asked"><a href="/medpipe/board/{version}">') :]
    cell = row[row.index('<td class="stands">') : row.index("</td>", row.index('<td class="stands">'))]
    return " ".join(re.sub("<[^>]+>", " ", cell).split())


def test_the_board_shows_which_source_is_stale_which_files_are_missing_and_what_waits_in_quarantine(
    client, ring, monkeypatch
):
    from tests import fakes

    monkeypatch.setenv("MEDPIPE_CALENDAR", "off")  # the days of this test are long past
    ports = fakes.ports(Settings(home=ring))
    blank = topic(9).model_copy(update={"title": " "})
    publish(ports, [*(topic(number) for number in range(9)), blank])
    data = steps.pull("medlineplus", DAY_1, DAY_2, ports=ports)
    topics = steps.validate(data, "documents", ports=ports)
    publish(ports, [article()], source="pubmed")
    articles = steps.validate(steps.pull("pubmed", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    first = steps.build_corpus((topics, articles), ports=ports)
    log_in(client)
    assert sources_of(client) == [
        ["medlineplus", "2026-03-03", "–", "–", "–", "1"],
        ["pubmed", "2026-03-03", "–", "–", "–", "–"],
    ]
    later = DAY_1 + timedelta(days=4)
    publish(ports, [topic(number, later) for number in range(9)])
    news = steps.pull("medlineplus", later, later + timedelta(days=1), ports=ports)
    steps.build_corpus((steps.validate(news, "documents", ports=ports),), first, ports=ports)
    steps.discard(data, "documents", "no topic", "Dr Calder", ids=(blank.id,), ports=ports)
    assert sources_of(client) == [
        ["medlineplus", "2026-03-07", "–", "–", "–", "–"],
        ["pubmed", "2026-03-03 4 days behind", "–", "–", "–", "–"],
    ]


def test_sources_are_stale_where_no_run_has_made_a_corpus_for_days(client, ring):
    from tests import fakes

    ports = fakes.ports(Settings(home=ring))
    publish(ports, [topic(number) for number in range(9)])
    topics = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    steps.build_corpus((topics,), ports=ports)
    log_in(client)
    ((source, day, *_),) = sources_of(client)
    assert source == "medlineplus" and re.fullmatch(r"2026-03-03 \d+ days behind", day)


def test_the_newest_corpus_is_not_behind_on_the_day_after_its_window(ring):
    pytest.importorskip("airflow")  # it knows where plugins are
    from medpipe_airflow.freshness import read_freshness

    from tests import fakes

    ports = fakes.ports(Settings(home=ring))
    publish(ports, [topic(number) for number in range(9)])
    topics = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    steps.build_corpus((topics,), ports=ports)
    (today,), (later,) = (read_freshness(ports, DAY_2 + timedelta(days=days)) for days in (0, 40))
    assert (today.behind, today.stale) == (0, False)
    assert (later.behind, later.stale) == (40, True)


def sources_of(client) -> list[list[str]]:
    """The rows of the table of sources, cell by cell."""
    table = client.get("/medpipe/board").text.partition("<h2>Sources</h2>")[2].partition("</table>")[0]
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in table.split("<tr>")[2:]]
    return [[" ".join(re.sub(r"<[^>]+>", "", cell).split()) for cell in row] for row in rows]


def test_the_board_shows_missing_files_of_a_source_with_numbers(ring):
    pytest.importorskip("airflow")  # it knows where plugins are
    from medpipe_airflow.freshness import _of

    from tests import fakes

    mark = Watermark(day=DAY_1, numbers={"26": ((1335, 1335), (1338, 1338))}, listed={"26": Listing(DAY_2, 1339)})
    row = _of("pubmed", mark, DAY_2 + timedelta(days=3), 0, fakes.ports(Settings(home=ring)))
    assert row.missing == ("26n1336", "26n1337", "26n1339")
    assert (row.file, row.files, row.behind, row.stale) == ("26n1338", 2, 3, False), "a run has looked since"


def test_reasons_are_text_and_never_markup(client, ring):
    from tests import fakes

    ports = fakes.ports(Settings(home=ring))
    publish(ports, [topic(number) for number in range(12)])
    from tests.steps.test_ring import refresh

    corpus = refresh(ports, DAY_1, DAY_2)
    examples = steps.build_examples(corpus, "tiny-sft", ports=ports)
    steps.validate(examples, "examples", ports=ports)
    adapter = steps.train("tiny-sft", examples, "base", ports=ports)
    judged = steps.evaluate(adapter, "tiny-sft", examples, ports=ports)
    base = steps.evaluate("base", "tiny-sft", examples, ports=ports)
    decision = steps.compare(judged, base, "first", ports=ports)
    steps.register(adapter, judged, decision, examples, "base", reason="<script>alert(1)</script>", ports=ports)
    log_in(client)
    assert "<script>alert(1)" not in client.get("/medpipe/board").text


def test_data_docs_never_leave_their_folder(client, ring):
    (ring / "data_docs").mkdir()
    (ring / "secret.txt").write_text("secret")
    log_in(client)
    for path in ("..%2fsecret.txt", "%2e%2e/secret.txt", "..%2f..%2fetc%2fpasswd"):
        assert client.get(f"/medpipe/data-docs/{path}").status_code == 404


def test_data_docs_are_listed_and_each_page_opens(client, ring):
    from tests.dags import light

    ports = light.ports(Settings(home=ring))
    publish(ports, [topic(number) for number in range(12)])
    pulled = steps.pull("medlineplus", DAY_1, DAY_2, ports=ports)
    steps.validate(pulled, "documents", ports=ports)
    log_in(client)
    listed = client.get("/medpipe/data-docs").text
    assert pulled in listed
    page = re.search(r'href="(/medpipe/data-docs/documents/[^"]+)"', listed)
    assert page, "the list links the page"
    shown = client.get(page[1])
    assert shown.status_code == 200 and "Expectation" in shown.text
    linked = client.get(f"/medpipe/data-docs/of/documents/{pulled}")
    assert linked.text == shown.text, "the button of the task leads to the same page"


def test_the_link_of_an_empty_delivery_leads_to_the_list(client):
    log_in(client)
    shown = client.get("/medpipe/data-docs/of/documents/documents/0123456789abcdef")
    assert shown.status_code == 200 and "Data Docs" in shown.text


def test_the_history_of_an_old_version_is_whole_however_long_the_ledger_is(client, ring):
    from tests import fakes
    from tests.steps.versions import version

    ports = fakes.ports(Settings(home=ring))
    name, _ = version(ports, 1)
    steps.bar(name, "wrong drug for gout", "Dr. A", ports=ports)
    for number in range(210):
        ports.ledger.append("compared", ref("evaluation", number + 50), "fail", [])
    log_in(client)
    assert "wrong drug for gout" in client.get(f"/medpipe/board/{name}").text.partition("<h2>History</h2>")[2]


def test_the_board_says_what_a_version_carries_that_was_withdrawn_since(client, ring):
    from tests import fakes
    from tests.steps.versions import version, withdraw

    ports = fakes.ports(Settings(home=ring))
    name, _ = version(ports, 1, documents=("pmid:9",))
    withdraw(ports, "pmid:9")
    log_in(client)
    assert standing(client.get("/medpipe/board").text, name) == "judged Was taught what is withdrawn since: pmid:9"


def test_a_damaged_artifact_is_named_instead_of_the_page(client, ring):
    from tests import fakes
    from tests.steps.versions import version

    ports = fakes.ports(Settings(home=ring))
    name, decision = version(ports, 1)
    (ring / "artifacts" / decision / "manifest.json").write_text("{")
    log_in(client)
    page = client.get(f"/medpipe/board/{name}")
    assert (page.status_code, decision in page.text, "Traceback" in page.text) == (500, True, False)


def test_no_version_of_that_name_is_a_404_that_says_so(client):
    log_in(client)
    page = client.get("/medpipe/board/version/medqa-v9-ffffff")
    assert page.status_code == 404 and "medqa-v9-ffffff" in page.text
