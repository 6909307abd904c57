"""Blind preference: balanced sides, a page that gives nothing away, only answers from here, the table."""

import json
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from distill.__main__ import main
from distill.teacher.preference.server import Comparison
from distill.teacher.preference.trials import Answer, answer, append_answer, make_trials, read_answers, summary


@pytest.fixture
def folders(tmp_path):
    """Two folders of pictures with 12 names in common, and what they were made from for one of them."""
    for folder in ("secret-a", "secret-b", "shown"):
        (tmp_path / folder).mkdir()
    for index in range(13):
        (tmp_path / f"secret-a/name{index}.png").write_bytes(b"a%d" % index)
        if index:
            (tmp_path / f"secret-b/name{index}.jpg").write_bytes(b"b%d" % index)
    (tmp_path / "shown/name3.png").write_bytes(b"shown")
    return tmp_path


def trials(folders, **more):
    return make_trials(folders / "secret-a", folders / "secret-b", folders / "shown", **more)


def test_order_and_sides_are_seeded_and_balanced(folders):
    found = trials(folders)
    assert sorted(t.name for t in found) == sorted(f"name{i}" for i in range(1, 13))
    assert found == trials(folders) and found != trials(folders, seed=1)
    assert sum(t.a_left for t in found) == 6 and len({t.a_left for t in found[:6]}) == 2
    assert len(trials(folders, limit=5)) == 5
    (folders / "empty").mkdir()
    with pytest.raises(SystemExit, match="no picture name in common"):
        make_trials(folders / "secret-a", folders / "empty")


def test_a_choice_is_booked_for_the_picture_at_that_side(folders):
    left = next(t for t in trials(folders) if t.a_left)
    right = next(t for t in trials(folders) if not t.a_left)
    assert [answer(t, c, "v", 1).better for t in (left, right) for c in ("left", "right", "tie")] == ["a", "b", "tie", "b", "a", "tie"]
    assert left.file("left") == left.a and right.file("left") == right.b and right.file("right") == right.a


def test_the_summary_counts_ties_half_with_wilsons_interval():
    rows = [Answer("n", "v", "a", "left", better, 1.0) for better in ["a"] * 7 + ["b"] * 2 + ["tie"]]
    assert summary(rows) == "A 7, B 2, tie 1 of 10: A preferred 75% [44%, 92%]"
    assert summary([]) == "No answer yet."


@pytest.fixture
def server(folders):
    with Comparison(trials(folders), folders / "out/votes.csv") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server, path, body=None, **headers):
    request = urllib.request.Request(server.url.rstrip("/") + path, None if body is None else json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_the_page_shows_pictures_by_number_and_gives_no_name_away(server):
    assert server.server_address[0] == "127.0.0.1"
    page = ask(server, "/")[1]
    listed = ask(server, "/trials")[1]
    for secret in (b"secret", b"name1"):
        assert secret not in page and secret not in listed
    for number, trial in enumerate(server.trials):
        sides = [ask(server, f"/picture/{number}/{side}") for side in ("left", "right")]
        assert sides == [(200, trial.file("left").read_bytes()), (200, trial.file("right").read_bytes())]
        assert json.loads(listed)[number]["shown"] == (trial.name == "name3")
        assert ask(server, f"/picture/{number}/shown")[0] == (200 if trial.name == "name3" else 404)
    for path in ("/picture/99/left", "/picture/-1/left", "/picture/x/left", "/../conftest.py", "/page.html", "/picture/0"):
        assert ask(server, path)[0] == 404


def test_answers_become_rows_and_nonsense_does_not(server):
    good = {"trial": 2, "choice": "right", "voter": 'Ann, "x"', "seconds": 1.234}
    assert ask(server, "/answer", good) == (200, b'{"answers": 1}')
    bad = [good | {"choice": "a"}, good | {"trial": 99}, good | {"seconds": "soon"}, good | {"seconds": float("nan")}, {}, [1]]
    assert [ask(server, "/answer", body)[0] for body in bad] == [400] * len(bad)
    assert ask(server, "/answer", good | {"voter": "x" * 2000})[0] == 404
    (row,) = read_answers(server.table)
    assert (row.voter, row.choice, row.seconds) == ('Ann, "x"', "right", 1.23)
    assert row.better == ("b" if server.trials[2].a_left else "a")


def test_pages_of_other_sites_are_turned_away(server):
    good = {"trial": 0, "choice": "left", "voter": "x", "seconds": 1}
    assert ask(server, "/answer", good, Origin="https://example.com")[0] == 403
    assert ask(server, "/trials", Host=f"rebound.example:{server.server_port}")[0] == 403
    assert ask(server, "/answer", good, Origin=server.url.rstrip("/"))[0] == 200


def test_the_verb_sums_up_a_table(tmp_path, capsys):
    table = tmp_path / "votes.csv"
    append_answer(table, Answer("n", "v", "a", "left", "a", 1.0))
    main(["preference", str(tmp_path), str(tmp_path), "--out", str(table), "--summary"])
    assert "A 1, B 0, tie 0 of 1" in capsys.readouterr().out
    assert Path(table).read_text().splitlines()[0] == "name,voter,left,choice,better,seconds"
