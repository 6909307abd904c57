"""prepare, pack and the training set, on AI-made faces."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from face_model import face_model

from distill.__main__ import main
from distill.data.index import Row, format_rows, parse_rows, read_rows, split_of
from distill.data.pack import PackConfig, read_pack, write_pack
from distill.data.people import SAME_PERSON, group_people, split_by_person
from distill.data.pictures import UnreadablePicture, read_picture
from distill.data.training_set import load_set

FACES = Path(__file__).parent / "fixtures/faces"


def face(index, size_px=256):
    return cv2.resize(cv2.imread(str(FACES / f"face_{index}.jpg")), (size_px, size_px))


def canvas(height, width):
    return np.full((height, width, 3), 120, np.uint8)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    data = tmp_path_factory.mktemp("photos")
    out = tmp_path_factory.mktemp("prepared")
    whole = cv2.imencode(".jpg", face(0))[1].tobytes()
    (data / "corrupt.jpg").write_bytes(whole[:200])
    (data / "empty.png").write_bytes(b"")
    cv2.imwrite(str(data / "nobody.png"), canvas(200, 300))
    cv2.imwrite(str(data / "pair.png"), np.hstack([face(0), face(1)]))
    crowd = canvas(512, 640)
    crowd[:512, :512] = face(2, 512)
    crowd[:128, 512:] = face(3, 128)
    cv2.imwrite(str(data / "crowd.png"), crowd)
    tall = canvas(700, 400)
    tall[100:456, 20:376] = face(4, 356)
    cv2.imwrite(str(data / "portrait.png"), tall)
    alpha = np.dstack([face(5), np.full((256, 256), 255, np.uint8)])
    alpha[:40, :, 3] = 0
    cv2.imwrite(str(data / "alpha.png"), alpha)
    cv2.imwrite(str(data / "deep.png"), face(6).astype(np.uint16) * 257)
    cv2.imwrite(str(data / "grey.png"), cv2.cvtColor(face(7), cv2.COLOR_BGR2GRAY))
    status = main([
        "prepare", "--set", f"data={data}", "--set", f"out={out}", "--set", f"face_model={face_model()}",
        "--set", "size_px=128",
    ])
    assert status == 0
    with open(out / "notes.csv") as file:
        notes = {row["file"]: (row["kept"], row["note"]) for row in csv.DictReader(file)}
    return out, notes


@pytest.mark.parametrize("file, kept, words", [
    ("corrupt.jpg", "no", "cut short"),
    ("empty.png", "no", "empty"),
    ("nobody.png", "no", "no face"),
    ("pair.png", "no", "similar size"),
    ("crowd.png", "yes", "largest was taken"),
    ("alpha.png", "yes", "alpha laid over white"),
    ("deep.png", "yes", "16 bits reduced"),
    ("grey.png", "yes", "grey spread"),
])
def test_odd_files_are_named_and_none_is_fatal(prepared, file, kept, words):
    _, notes = prepared
    assert notes[file][0] == kept
    assert words in notes[file][1]


def test_squares_hold_the_face_where_the_convention_puts_it(prepared):
    out, notes = prepared
    rows = {row.file: row for row in read_rows(out)}
    assert set(rows) == {f"pictures/{n}.jpg" for n in ("crowd", "portrait", "alpha", "deep", "grey")}
    assert "portrait.png" not in notes  # nothing had to be mended
    import json
    for line in (out / "faces.jsonl").read_text().splitlines():
        record = json.loads(line)
        points = np.array(record["points_px"])
        eyes = (points[[33, 133, 362, 263]]).mean(0)
        assert eyes == pytest.approx([64, 61], abs=5), record["file"]
        picture = cv2.imread(str(out / record["file"]))
        assert picture.shape == (128, 128, 3)
    assert all(row.person and row.split in ("train", "val") for row in rows.values())


def test_mattes_are_written_beside_the_pictures(tmp_path, monkeypatch):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    cv2.imwrite(str(photos / "a.png"), face(6))
    cv2.imwrite(str(photos / "b.png"), canvas(64, 64))
    monkeypatch.setenv("STYLEFILTER_CACHE", str(tmp_path))
    made = []

    class Disc:
        """A segmenter that calls a disc in the middle face skin and the rest background."""

        def __init__(self, model):
            made.append([model])

        def classes(self, rgb):
            y, x = np.mgrid[: rgb.shape[0], : rgb.shape[1]] / rgb.shape[0] - 0.5
            skin = (np.hypot(x, y) < 0.3).astype(np.float32)
            return np.stack([1 - skin, 0 * skin, 0 * skin, skin, 0 * skin, 0 * skin])

        def close(self):
            made[-1].append("closed")

    monkeypatch.setattr("distill.data.prepare.fetch_segmenter", lambda folder: folder / "segmenter.tflite")
    monkeypatch.setattr("distill.data.prepare.Segmenter", Disc)
    pairs = {"data": photos, "out": out, "face_model": face_model(), "size_px": 128, "aligned": True, "mattes": True}
    assert main(["prepare", *(part for key, value in pairs.items() for part in ("--set", f"{key}={value}"))]) == 0
    assert made == [[tmp_path / "segmenter.tflite", "closed"]]
    assert [path.name for path in (out / "mattes").iterdir()] == ["a.png"]
    matte = cv2.imread(str(out / "mattes/a.png"), cv2.IMREAD_UNCHANGED)
    assert matte.shape == (128, 128) and matte[64, 64] == 255 and matte[64, 96] == 255
    assert not matte[:16].any() and not matte[64, 112:].any()


def test_a_segmenter_that_cannot_be_had_ends_prepare_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("STYLEFILTER_CACHE", str(tmp_path))
    (tmp_path / "selfie_multiclass_256x256.tflite").write_bytes(b"not the model")
    with pytest.raises(SystemExit, match="Delete it and run the command again"):
        main(["prepare", "--set", f"data={FACES}", "--set", f"out={tmp_path / 'out'}", "--set", f"face_model={face_model()}",
              "--set", "mattes=true"])


def test_sixteen_bits_and_alpha_give_the_same_pixels_as_eight(tmp_path):
    eight = face(6)
    cv2.imwrite(str(tmp_path / "a.png"), eight)
    cv2.imwrite(str(tmp_path / "b.png"), eight.astype(np.uint16) * 257)
    cv2.imwrite(str(tmp_path / "c.png"), np.dstack([eight, np.full(eight.shape[:2], 255, np.uint8)]))
    plain = read_picture(tmp_path / "a.png")
    assert np.array_equal(plain.rgb, eight[..., ::-1]) and plain.notes == ()
    for name in ("b.png", "c.png"):
        assert np.array_equal(read_picture(tmp_path / name).rgb, plain.rgb)


def test_exif_orientation_turns_the_picture_upright(tmp_path):
    from PIL import Image

    upright = Image.fromarray(face(0)[..., ::-1])
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.rotate(90, expand=True).save(tmp_path / "turned.png", exif=exif)
    picture = read_picture(tmp_path / "turned.png")
    assert picture.notes == ("turned by its EXIF orientation",)
    assert np.array_equal(picture.rgb, np.asarray(upright))


def test_text_named_as_picture_is_named(tmp_path):
    (tmp_path / "x.jpg").write_text("not a picture")
    with pytest.raises(UnreadablePicture, match=r"x\.jpg"):
        read_picture(tmp_path / "x.jpg")


def test_rows_survive_a_round_trip_and_foreign_columns():
    rows = read_rows(FACES)
    assert rows[0].source == "faker" and rows[0].tier == "A" and rows[0].person == "p0"
    assert parse_rows(format_rows(rows)) == rows
    assert parse_rows("file,size_px,mood\nx.jpg,64,glad\n")[0].file == "x.jpg"


def test_split_keeps_people_together_in_about_the_asked_share():
    splits = [split_of(f"person {i}", 20) for i in range(2000)]
    assert splits == [split_of(f"person {i}", 20) for i in range(2000)]
    assert 340 < splits.count("val") < 460


def test_pictures_of_one_person_share_a_name_and_a_split():
    towards = torch.nn.functional.normalize(torch.randn(4, 64, generator=torch.Generator().manual_seed(0)), dim=1)
    again = torch.nn.functional.normalize(towards + 0.03 * torch.randn(4, 64, generator=torch.Generator().manual_seed(1)), dim=1)
    vectors = torch.cat([towards, again[[2, 0]]])
    assert group_people(vectors, SAME_PERSON) == [0, 1, 2, 3, 2, 0]
    rows = [Row(f"{i}.jpg", 64, person=f"p{i}") for i in range(6)]
    named = split_by_person(rows, vectors, 50)
    assert [row.person for row in named] == ["p0", "p1", "p2", "p3", "p2", "p0"]
    assert all(row.split == split_of(row.person, 50) for row in named)


def test_a_chain_of_pictures_is_one_person():
    angles = torch.tensor([0.0, 0.4, 0.8, 2.0])
    vectors = torch.stack([angles.cos(), angles.sin()], 1)
    assert group_people(vectors, 0.9) == [0, 0, 0, 3]


def test_pack_keeps_its_limit_index_and_pictures(tmp_path):
    config = PackConfig(data=(str(FACES),), out=str(tmp_path / "a.zip"), size_px=64, max_mib=0.02)
    count, size = write_pack(config)
    assert count == 8 and size == (tmp_path / "a.zip").stat().st_size <= 0.02 * 2**20
    rows, load = read_pack(tmp_path / "a.zip")
    assert [row.person for row in rows] == [f"p{i}" for i in range(8)]
    original = cv2.resize(cv2.imread(str(FACES / "face_3.jpg")), (64, 64), interpolation=cv2.INTER_AREA)
    difference = np.abs(load(rows[3])[..., ::-1].astype(float) - original).mean()
    assert difference < 8
    write_pack(PackConfig(data=(str(FACES),), out=str(tmp_path / "b.zip"), size_px=64, max_mib=0.02))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_pack_that_cannot_fit_says_so(tmp_path):
    with pytest.raises(SystemExit, match="do not fit"):
        write_pack(PackConfig(data=(str(FACES),), out=str(tmp_path / "a.zip"), max_mib=0.001))
    with pytest.raises(SystemExit, match="no picture passes"):
        write_pack(PackConfig(data=(str(FACES),), out=str(tmp_path / "a.zip"), tiers=("B",)))


def test_an_epoch_takes_every_picture_once_plain_and_mirrored():
    data = load_set((str(FACES),), 32, split="all")
    assert len(data) == 16
    seen = torch.cat([data.indices(position, 4) for position in range(0, 16, 4)])
    assert sorted(seen.tolist()) == list(range(16))
    again = load_set((str(FACES),), 32, split="all")
    assert torch.equal(again.indices(21, 6), data.indices(21, 6))
    assert not torch.equal(data.indices(16, 16), data.indices(0, 16))


def test_mirrored_pictures_are_mirrors():
    data = load_set((str(FACES),), 32, split="all")
    plain, domains = data.take(torch.tensor([2]))
    mirrored, _ = data.take(torch.tensor([10]))
    assert torch.equal(plain.flip(3), mirrored)
    assert plain.min() >= -1 and plain.max() <= 1 and domains.tolist() == [0]
