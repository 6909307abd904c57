"""Renders show the plan: expression, pose and place, with exact points and a licence beside them."""

import numpy as np
import pytest
from tiny_avatar import MORPHS, write_avatar

from distill.atelier.parts import AtelierError
from distill.atelier.photos import load_photo
from distill.atelier.renders import plan_renders, random_expression, render

SIZE = 96


def shot(name, **changes):
    level = {
        "id": name, "morphs": {}, "yawRad": 0, "pitchRad": 0, "rollRad": 0, "gazeYawRad": 0,
        "gazePitchRad": 0, "ambient": [2, 2, 2], "background": ["rgb(0,0,255)", "rgb(0,0,255)"],
        "lights": [{"colour": [1, 1, 1], "intensity": 2, "from": [0, 0, 1]}],
        "fovDeg": 30, "eyeDistance": 0.15, "eyeMiddle": [0.5, 0.4]}
    return level | changes


def is_face(picture):
    return picture[..., 0].astype(int) > picture[..., 2].astype(int)


def test_renders_show_their_plan_and_a_bare_avatar_is_refused(tmp_path):
    write_avatar(tmp_path / "tiny.glb")
    write_avatar(tmp_path / "bare.glb", morphs=False)
    shots = [shot("rest"), shot("open", morphs={"MouthOpen": 1.0}), shot("turned", yawRad=0.5),
             shot("tipped", rollRad=0.3, eyeMiddle=[0.6, 0.5])]
    plan, rows = {"tiny": shots, "bare": [shot("never")]}, {}
    with pytest.raises(AtelierError, match="no skin with facial morphs"):
        for row in render(tmp_path, plan, tmp_path / "out", SIZE):
            rows[row["id"]] = row
    assert set(rows) == {"rest", "open", "turned", "tipped"}
    assert {(row["licence"], row["avatar"]) for row in rows.values()} == {("MIT", "tiny")}
    points = {name: {point: np.array(place) for point, place in row["points"].items()}
              for name, row in rows.items()}
    faces = {name: is_face(load_photo(tmp_path / "out" / row["file"]))
             for name, row in rows.items()}

    # The eyes lie 0.06 m and 0.15 of the picture apart; that is the scale of all else.
    px = 0.15 * SIZE / 0.06
    at_rest = points["rest"]
    assert at_rest["eyeRight"] == pytest.approx([0.425 * SIZE - 0.5, 0.4 * SIZE - 0.5], abs=0.1)
    assert at_rest["eyeLeft"] == pytest.approx([0.575 * SIZE - 0.5, 0.4 * SIZE - 0.5], abs=0.1)
    assert (at_rest["chin"] - at_rest["eyeLeft"])[1] == pytest.approx(0.15 * px, abs=0.5)
    assert (points["open"]["chin"] - at_rest["chin"])[1] == pytest.approx(
        -MORPHS["MouthOpen"][1][1] * px, abs=0.5)
    assert faces["rest"].sum() == pytest.approx(0.2 * 0.3 * px**2, rel=0.05)
    assert faces["open"].sum() > faces["rest"].sum()
    x, y = np.round(points["open"]["chin"]).astype(int)
    assert faces["open"][y - 2, x] and not faces["rest"][y - 2, x]

    apart = {name: place["eyeLeft"] - place["eyeRight"] for name, place in points.items()}
    assert apart["turned"][0] < 0.95 * apart["rest"][0]
    assert np.arctan2(*apart["tipped"][::-1]) == pytest.approx(0.3, abs=0.02)
    middle = (points["tipped"]["eyeLeft"] + points["tipped"]["eyeRight"]) / 2
    assert middle == pytest.approx([0.6 * SIZE - 0.5, 0.5 * SIZE - 0.5], abs=0.1)


def test_expressions_cover_jaw_lids_and_winks():
    drawn = [random_expression(np.random.default_rng(seed)) for seed in range(300)]
    jaw = [morphs["MouthOpen"] for morphs in drawn if "MouthOpen" in morphs]
    assert 0.55 < len(jaw) / len(drawn) < 0.77 and max(jaw) > 0.95 and min(jaw) < 0.05
    lids = [(m.get("LeyeClose", 0), m.get("ReyeClose", 0)) for m in drawn]
    assert sum(both == (1, 1) for both in lids) > 20
    assert sum(max(both) == 1 and min(both) == 0 for both in lids) > 10


def test_shots_are_spread_over_avatars_and_repeat_by_seed(tmp_path):
    for name in ("a.glb", "b.glb", "LICENSE-MIT.txt"):
        (tmp_path / name).touch()
    plan = plan_renders(tmp_path, 6, 3)
    assert {name: len(shots) for name, shots in plan.items()} == {"a": 3, "b": 3}
    assert plan == plan_renders(tmp_path, 6, 3) != plan_renders(tmp_path, 6, 4)
