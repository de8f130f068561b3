"""A headless Chromium that opens one page of Airflow's UI, logged in."""

from __future__ import annotations

import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

from sandbox.port import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.airflow import Airflow

#: How long the page may go on loading and drawing, in the browser's own time.
_BUDGET_MILLISECONDS = 20_000
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1600,1000",
    f"--virtual-time-budget={_BUDGET_MILLISECONDS}",
)


def find_browser() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def photograph(browser: str, airflow: Airflow, path: str, picture: Path, profile: Path) -> str:
    """Store a picture of a page and return its document as drawn."""
    with _entrance(airflow, path) as entrance:
        done = subprocess.run(
            [browser, *_FLAGS, f"--user-data-dir={profile}", f"--screenshot={picture}", "--dump-dom", entrance],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    return done.stdout


@contextmanager
def _entrance(airflow: Airflow, path: str) -> Iterator[str]:
    """A page that logs in and leads on: cookies belong to a host, whatever the port."""

    class Entrance(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that the library calls
            self.send_response(302)
            self.send_header("Set-Cookie", f"_token={airflow.api.token()}; Path=/")
            self.send_header("Location", f"{airflow.url}{path}")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with HTTPServer((HOST, 0), Entrance) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_port}/"
        server.shutdown()
