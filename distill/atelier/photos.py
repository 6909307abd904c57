"""Photos with their licences, and what is read from each before anything is drawn."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from distill.atelier.glasses import wears_glasses
from distill.atelier.landmarks import FaceReading, reading_from_row, reading_row
from distill.atelier.parts import AtelierError
from distill.atelier.photo_colors import PhotoColours, read_colours
from distill.atelier.reader import FaceReader

INDEX = "index.csv"
_OUT_OF_FRAME_MAX = 0.05


@dataclass(frozen=True)
class PhotoFile:
    """A photo in a folder: its `name` there, `source`, `licence`, `origin` and `tier`; `held_out`:
    never to be trained on."""

    name: str
    source: str
    licence: str
    origin: str
    tier: str
    held_out: bool = False

    @property
    def stem(self) -> str:
        """The name without folders and ending, unique in a collection."""
        return Path(self.name).stem


@dataclass(frozen=True)
class PhotoStudy:
    """All that drawing needs to know of a photo, besides its pixels and head matte."""

    file: PhotoFile
    reading: FaceReading
    colours: PhotoColours
    glasses: bool


def list_photos(
    folder: Path, *, tier: str = "A", min_size_px: int = 256, licence: str | None = None
) -> list[PhotoFile]:
    """The usable photos of a folder with an ``index.csv`` (file, size_px, source, tier, origin,
    licence, out_of_frame, where it has one held_out), or, without an index, every picture under the given `licence`.

    `tier` names the allowed ones, such as ``AB``. Raises `AtelierError` when a licence is missing.
    """
    index = folder / INDEX
    if not index.is_file():
        if licence is None:
            raise AtelierError(
                f"--photos {folder}: no {INDEX} tells the photos' licences. Add one or name the "
                "licence of all of them with --photo-licence.")
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")
                       if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
        return [PhotoFile(name, folder.name, licence, "", tier) for name in names]
    photos = []
    with open(index, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            try:
                usable = (row["tier"] in tier and int(row["size_px"]) >= min_size_px
                          and float(row["out_of_frame"] or 0) <= _OUT_OF_FRAME_MAX)
                photo = PhotoFile(row["file"], row["source"], row["licence"].strip(),
                                  row["origin"], row["tier"], row.get("held_out") == "1")
            except (KeyError, TypeError, ValueError) as error:
                raise AtelierError(f"{index}: a row cannot be read ({error!r}).") from None
            if usable and not photo.licence:
                raise AtelierError(f"{index}: {photo.name} has no licence. Fill it in or drop it.")
            if usable:
                photos.append(photo)
    return photos


def load_photo(path: Path) -> np.ndarray:
    """A square photo as uint8 RGB; raises `AtelierError` when missing, corrupt or not square."""
    data = np.fromfile(path, np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if picture is None:
        raise AtelierError(f"Photo {path} is missing or not readable.")
    if picture.shape[0] != picture.shape[1]:
        raise AtelierError(f"Photo {path} is {picture.shape[1]}×{picture.shape[0]} px; aligned "
                           "photos are square.")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def study_photos(
    folder: Path, photos: Iterable[PhotoFile], readings: dict[str, FaceReading],
    landmarker: Path | None, segmenter: Path, matte_folder: Path,
) -> Iterator[PhotoStudy]:
    """Read each photo once and write its head matte to `matte_folder`; photos without a face are
    left out. `readings` by file name spare the landmarker."""
    from distill.data.mattes import Segmenter, head_matte

    matte_folder.mkdir(parents=True, exist_ok=True)
    reader = FaceReader(landmarker) if landmarker is not None else None
    try:
        with Segmenter(segmenter) as segments:
            for file in photos:
                known = readings.get(Path(file.name).name)
                if known is None and reader is None:
                    continue
                picture = load_photo(folder / file.name)
                reading = known if known is not None else reader.read(picture, file.name)
                if reading is None:
                    continue
                classes = segments.classes(picture)
                matte = np.round(head_matte(picture, classes) * 255).astype(np.uint8)
                cv2.imwrite(str(matte_folder / f"{file.stem}.png"), matte)
                yield PhotoStudy(file, reading,
                                 read_colours(picture, reading, classes[1], classes[3]),
                                 wears_glasses(picture, reading))
    finally:
        if reader is not None:
            reader.close()


def write_studies(path: Path, studies: Iterable[PhotoStudy]) -> int:
    """Write studies as ``.jsonl.gz``; returns how many."""
    count = 0
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
        for study in studies:
            row = {"photo": dataclasses.asdict(study.file), "reading": reading_row(study.reading),
                   "colours": dataclasses.asdict(study.colours), "glasses": study.glasses}
            packed.write((json.dumps(row) + "\n").encode())
            count += 1
    return count


def read_studies(path: Path) -> list[PhotoStudy]:
    """What `write_studies` wrote; raises `AtelierError` for a damaged file."""
    studies = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                colours = {key: tuple(value) for key, value in row["colours"].items()}
                studies.append(PhotoStudy(
                    PhotoFile(**row["photo"]), reading_from_row(row["reading"]),
                    PhotoColours(**colours), bool(row["glasses"])))
    except (OSError, EOFError, KeyError, TypeError, ValueError) as error:
        raise AtelierError(f"{path} is not a file of photo studies ({error}). Delete it and run "
                           "the command again.") from None
    return studies
