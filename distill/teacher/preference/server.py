"""The local page of a blind comparison: one HTML file, pictures by number, one table of answers."""

from __future__ import annotations

import json
import math
import mimetypes
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from distill.teacher.preference.trials import CHOICES, Trial, answer, append_answer, read_answers

PAGE = Path(__file__).with_name("page.html")
HOST = "127.0.0.1"
MAX_BODY = 1000


class Comparison(ThreadingHTTPServer):
    """Serves the page at http://127.0.0.1:PORT/, to this machine alone. `port` 0 takes a free one.

    Pictures are asked for by number and side, so neither names nor folders reach the page.
    """

    daemon_threads = True

    def __init__(self, trials: list[Trial], table: Path, port: int = 0) -> None:
        super().__init__((HOST, port), _Handler)
        self.trials, self.table = trials, table
        self.writing = threading.Lock()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Comparison

    def do_GET(self) -> None:
        parts = self.path.partition("?")[0].strip("/").split("/")
        if not self._from_here():
            return
        if parts == [""]:
            self._send(200, PAGE.read_bytes(), "text/html; charset=utf-8")
        elif parts == ["trials"]:
            self._json(200, [{"shown": trial.shown is not None} for trial in self.server.trials])
        elif len(parts) == 3 and parts[0] == "picture" and (trial := self._trial(parts[1])) and (path := trial.file(parts[2])):
            self._send(200, path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream")
        else:
            self._json(404, {"error": "There is no such page."})

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not self._from_here():
            return
        if self.path != "/answer" or not length.isdecimal() or int(length) > MAX_BODY:
            self._json(404, {"error": "Only answers are taken here."})
            return
        try:
            found = json.loads(self.rfile.read(int(length)))
            trial, choice = self._trial(str(found["trial"])), found["choice"]
            voter, seconds = str(found["voter"])[:60], float(found["seconds"])
        except (ValueError, KeyError, TypeError):
            trial, choice, voter, seconds = None, None, "", 0.0
        if trial is None or choice not in CHOICES or not 0 <= seconds < math.inf:
            self._json(400, {"error": "An answer has trial, choice (left, right or tie), voter and seconds."})
            return
        with self.server.writing:
            append_answer(self.server.table, answer(trial, choice, voter, seconds))
            count = len(read_answers(self.server.table))
        self._json(200, {"answers": count})

    def _from_here(self) -> bool:
        """Refuses requests that another site's page made, also under a name that it points here."""
        hosts = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") in hosts and (origin is None or origin.partition("//")[2] in hosts):
            return True
        self._json(403, {"error": "This page is for this machine alone."})
        return False

    def _trial(self, text: str) -> Trial | None:
        trials = self.server.trials
        return trials[int(text)] if text.isdecimal() and len(text) < 9 and int(text) < len(trials) else None

    def _json(self, status: int, value: Any) -> None:
        self._send(status, json.dumps(value).encode(), "application/json")

    def _send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing: the answers are the log."""
