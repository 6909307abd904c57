"""Parts, licences and exemplars of the atelier."""

import json
import shutil

import numpy as np
import pytest
from atelier_fixtures import PARTS, PHOTOS, character, exemplar, part_set

from distill.atelier.character import Character
from distill.atelier.exemplar import choose_exemplars, exemplar_from_record
from distill.atelier.landmarks import read_landmarks
from distill.atelier.parts import LICENCE_FILE, AtelierError, PartSet
from distill.atelier.photos import list_photos, load_photo, read_studies
from distill.atelier.renders import plan_renders


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(PARTS, tmp_path / "parts")
    return tmp_path / "parts"


def test_parts_without_their_licence_are_refused(copied):
    (copied / LICENCE_FILE).unlink()
    with pytest.raises(AtelierError, match=LICENCE_FILE):
        PartSet(copied)


def test_a_corrupt_part_is_named(copied):
    part = copied / "sprites/female/06_front_hair/07_bob/base.png"
    part.write_bytes(part.read_bytes()[:200])
    with pytest.raises(AtelierError, match=r"07_bob/base\.png"):
        PartSet(copied).check()


def test_an_empty_part_is_named(copied):
    (copied / "sprites/female/09_glasses/01_black_glasses/base.png").write_bytes(b"")
    with pytest.raises(AtelierError, match=r"01_black_glasses/base\.png"):
        PartSet(copied).check()


def test_a_missing_part_is_named_when_drawn(copied):
    (copied / "sprites/female/00_back_hair/05_bob/base.png").unlink()
    with pytest.raises(AtelierError, match=r"05_bob/base\.png is missing"):
        Character(PartSet(copied), exemplar())


def test_an_exemplar_of_absent_parts_is_refused():
    with pytest.raises(AtelierError, match="'male'"):
        character(sex="male")


def test_exemplars_repeat_by_seed_and_differ_otherwise():
    parts = part_set()
    first = choose_exemplars(parts, 24, seed=5)
    assert first == choose_exemplars(parts, 24, seed=5)
    assert first != choose_exemplars(parts, 24, seed=6)
    assert len({person.hair for person in first}) == 24


def test_chosen_exemplars_are_more_varied_than_drawn_ones():
    parts = part_set()

    def closest(people):
        colours = np.array([person.hair + person.skin + person.eye for person in people], float)
        apart = np.linalg.norm(colours[:, None] - colours[None], axis=-1)
        return (apart + 1e9 * np.eye(len(people))).min()

    assert closest(choose_exemplars(parts, 24, 1)) > 1.3 * closest(
        choose_exemplars(parts, 24, 1, pool=1))


def test_an_exemplars_record_names_its_licence_and_comes_back():
    person = exemplar(glasses="01_black_glasses")
    record = json.loads(json.dumps(person.record()))
    assert (record["licence"], record["author"]) == ("CC0-1.0", "Sutemo")
    assert exemplar_from_record(record) == person


def test_recolouring_keeps_the_shading():
    red, blue = (character(hair=colour).layers["back"]
                 for colour in ((200, 60, 60), (60, 60, 200)))
    hair = red[..., 3] > 250
    shade = lambda layer, channel: layer[..., channel][hair].astype(float)  # noqa: E731
    assert np.corrcoef(shade(red, 0), shade(blue, 2))[0, 1] > 0.99
    assert shade(red, 0).std() > 20


def test_photos_without_a_licence_are_refused(tmp_path):
    shutil.copy(PHOTOS / "face.jpg", tmp_path)
    with pytest.raises(AtelierError, match="--photo-licence"):
        list_photos(tmp_path)
    assert [file.licence for file in list_photos(tmp_path, licence="own")] == ["own"]
    row = (PHOTOS / "index.csv").read_text().replace("CC0", "")
    (tmp_path / "index.csv").write_text(row)
    with pytest.raises(AtelierError, match=r"face\.jpg has no licence"):
        list_photos(tmp_path)


def test_photos_are_filtered_by_tier_size_and_frame(tmp_path):
    header = "file,size_px,source,tier,origin,licence,native_eye_px,out_of_frame\n"
    rows = ["a.jpg,512,s,A,o,CC0,90,0.0", "b.jpg,512,s,B,o,terms,90,0.0",
            "c.jpg,128,s,A,o,CC0,90,0.0", "d.jpg,512,s,A,o,CC0,90,0.2"]
    (tmp_path / "index.csv").write_text(header + "\n".join(rows) + "\n")
    assert [file.name for file in list_photos(tmp_path)] == ["a.jpg"]
    assert [file.name for file in list_photos(tmp_path, tier="AB")] == ["a.jpg", "b.jpg"]


def test_damaged_inputs_are_named(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"no picture")
    with pytest.raises(AtelierError, match=r"photo\.jpg"):
        load_photo(tmp_path / "photo.jpg")
    (tmp_path / "studies.jsonl.gz").write_bytes(b"no archive")
    with pytest.raises(AtelierError, match="Delete it"):
        read_studies(tmp_path / "studies.jsonl.gz")
    with pytest.raises(AtelierError, match="cannot be read as landmarks"):
        list(read_landmarks(tmp_path / "studies.jsonl.gz"))


def test_avatars_without_their_licence_are_refused(tmp_path):
    with pytest.raises(AtelierError, match="no GLB file"):
        plan_renders(tmp_path, 4, 0)
    (tmp_path / "head.glb").touch()
    with pytest.raises(AtelierError, match="LICENSE-MIT"):
        plan_renders(tmp_path, 4, 0)
    (tmp_path / "LICENSE-MIT.txt").touch()
    assert plan_renders(tmp_path, 4, 0) == plan_renders(tmp_path, 4, 0)
    assert plan_renders(tmp_path, 4, 0) != plan_renders(tmp_path, 4, 1)
