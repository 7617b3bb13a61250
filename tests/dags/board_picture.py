"""Makes docs/images/board.png: the model board, with a state of an invented medicine.

    python -m tests.dags.board_picture [FOLDER]

Writes board.html and board.png (Chromium is needed) into the folder; the default is docs/images, without the HTML.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medpipe import steps
from medpipe.core.corpus.document import Status
from medpipe.settings import Settings
from tests import fakes
from tests.places import CHROMIUM, ROOT
from tests.policies import approving
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, DAY_4, NEW, OLD, article, publish, topic
from tests.steps.test_ring import refresh, retrain

ASKED_FOR = "24 new facts of 102 (23.5 %); the oldest is 1 day old"


def invented(home: Path) -> fakes.FakePorts:
    """Return ports with a champion, challengers that were held and barred, withdrawals and a hotfix that waits."""
    ports = fakes.ports(Settings(home=home, policies=approving(home / "policies")))
    publish(ports, [*(topic(number) for number in OLD), article()])
    first = refresh(ports, DAY_1, DAY_2)
    champion = rolled_out(ports, first, reason="first training")
    publish(ports, [topic(number, DAY_2) for number in NEW])
    second = refresh(ports, DAY_2, DAY_3, first)
    rolled_out(ports, second, recipe="tiny-sft-no-replay", reason=ASKED_FOR)
    barred = rolled_out(ports, second, reason=ASKED_FOR)
    steps.roll_back("readers prefer the earlier answers", "Dr. A", ports=ports)
    steps.promote(barred, ports=ports)
    publish(ports, [article(Status.RETRACTED, DAY_3)])
    third = refresh(ports, DAY_3, DAY_4, second)
    steps.open_withdrawals(third, ports=ports)
    steps.withdraw(("mplus:900003",), "names a patient", "Dr. A", ports=ports)
    steps.confirm_blocks(ports=ports)
    steps.decide_hotfix(("mplus:900003",), "reject", "the block is enough for one topic", "Dr. A", ports=ports)
    steps.withdraw(("mplus:900999",), "wrong topic", "Dr. B", ports=ports)
    steps.lift("mplus:900999", "withdrawn by mistake", "Dr. B", ports=ports)
    steps.detect_drift(third, champion, at=datetime(2026, 3, 6, 8, tzinfo=UTC), ports=ports)
    return ports


def rolled_out(ports: fakes.FakePorts, corpus: str, **wish: Any) -> str:
    """Train, judge and try to promote a challenger; return it."""
    version, _ = retrain(ports, corpus, **wish)
    steps.promote(version, ports=ports)
    steps.deploy(ports=ports)
    return version


def pages(ports: fakes.FakePorts) -> dict[str, str]:
    """Return the board and the page of its newest version as HTML, as the plugin renders them."""
    sys.path[:0] = [str(ROOT / "plugins")]
    from medpipe_airflow import app, board

    shown = board.read_board(ports)
    version = board.read_version(ports, shown.versions[0].name)
    return {
        "board": app._render("board.html", board=shown),
        "version": app._render("version.html", **version._asdict()),
    }


def photograph(html: Path, picture: Path, height: int) -> None:
    """Write what Chromium shows of a page at a width of 1280 CSS pixels."""
    if CHROMIUM is None:
        raise SystemExit("no Chromium: install it, or open the HTML and take the picture by hand")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size=1280,{height}"]
    with tempfile.TemporaryDirectory() as profile:
        line = [CHROMIUM, *options, f"--user-data-dir={profile}", f"--screenshot={picture}", html.as_uri()]
        subprocess.run(line, check=True, capture_output=True)


def main() -> None:
    """Write the pages, and pictures of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--height", type=int, default=1500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        shown = pages(invented(Path(temporary)))
        for name in shown if options.folder else ("board",):
            (folder / f"{name}.html").write_text(shown[name], encoding="utf-8")
            picture = (folder if options.folder else ROOT / "docs" / "images") / f"{name}.png"
            photograph(folder / f"{name}.html", picture, options.height)


if __name__ == "__main__":
    main()
