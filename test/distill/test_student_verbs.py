"""The verbs around the student: contact sheets and their mistakes."""

import argparse

import cv2
import numpy as np
import pytest
import torch
from painter_fixtures import portrait
from student_fixtures import DrawnSegmenter, drawn_cache

from distill.checkpoint import save_checkpoint
from distill.data.faces import Photo, count_by_source, read_photo, valid_area
from distill.painter import LOOK_IDS, LOOKS
from distill.student import paint_command, sheet
from distill.student.train import TrainConfig, Trainer
from distill.verbs import VERBS, load_verb


def photo(name, source="drawn", held_out=False):
    return Photo(f"512/{name}.png", source, "A", "drawn by the test", "CC0", held_out)


@pytest.mark.parametrize("verb", ["paint", "train-student", "export-student", "evaluate-student", "student-sheet"])
def test_verbs_are_registered_and_explain_themselves(verb):
    parser = argparse.ArgumentParser()
    load_verb(verb).add_arguments(parser)
    assert VERBS[verb].summary and len(parser.format_help()) > 200


def test_paint_needs_something_to_do():
    parser = argparse.ArgumentParser()
    paint_command.add_arguments(parser)
    with pytest.raises(SystemExit, match="--layers DIR"):
        paint_command.main(parser.parse_args(["--data", "x", "--cache", "y"]))


def test_unknown_people_of_a_sheet_are_named():
    with pytest.raises(SystemExit, match="nobody"):
        paint_command.choose([photo("a")], "a,nobody")
    assert [found.id for found in paint_command.choose([photo("a"), photo("b")], "b")] == ["b"]
    held = [photo(f"h{number}", held_out=True) for number in range(12)]
    assert len(paint_command.choose([photo("a"), *held], "")) == 6


def test_the_painter_s_sheet_has_a_column_for_every_look(tmp_path, monkeypatch):
    rgb, classes = portrait()
    (tmp_path / "512").mkdir()
    cv2.imwrite(str(tmp_path / "512" / "a.png"), rgb[..., ::-1])

    class Segmenter(DrawnSegmenter):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(paint_command, "Segmenter", lambda _: Segmenter(classes))
    paint_command.paint_sheet(tmp_path, [photo("a")], tmp_path / "unused", tmp_path / "sheet.png")
    picture = cv2.imread(str(tmp_path / "sheet.png"))
    assert picture.shape == (256 + sheet.TITLE_PX, 256 * (1 + len(LOOKS)), 3)


def test_a_missing_photo_is_named(tmp_path):
    with pytest.raises(OSError, match=r"a\.png"):
        read_photo(tmp_path, photo("a"), 320)


def test_round_crops_lose_their_corners():
    area = valid_area(photo("a", "gsadc"), 64)
    assert area[0, 0] == 0 and area[32, 32] == 1
    assert valid_area(photo("a"), 64).min() == 1


def test_sources_are_counted_with_their_licence():
    counts = count_by_source([photo("a"), photo("b"), photo("c", "other")])
    assert counts["drawn"] == {"images": 2, "tier": "A", "licence": "CC0", "origin": "drawn by the test"}
    assert list(counts) == ["drawn", "other"]


def test_the_students_sheet_shows_painter_and_students(tmp_path):
    torch.set_num_threads(1)
    cache = drawn_cache(tmp_path / "layers")
    trainer = Trainer(TrainConfig(layers="", size="lite"), cache)
    described = {"config": {"size": "lite"}, "commit": "abc", "position": 0}
    save_checkpoint(tmp_path / "run" / "checkpoint.pt", {**trainer.state(), **described})
    parser = argparse.ArgumentParser()
    sheet.add_arguments(parser)
    out = tmp_path / "sheet.png"
    options = ["--run", tmp_path / "run", "--layers", tmp_path / "layers", "--out", out, "--people", 1]
    options += ["--looks", ",".join(LOOK_IDS[:2])]
    assert sheet.main(parser.parse_args([str(option) for option in options])) == 0
    assert cv2.imread(str(out)).shape == (256 + sheet.TITLE_PX, 256 * 5, 3)


def test_a_sheet_that_cannot_be_written_says_so(tmp_path):
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises((OSError, cv2.error)):
        sheet.write_sheet(tmp_path / "sheet.unknown", [sheet.Column("a")], [[picture]])
