"""The bench adds a row a measurement, with what is needed to trust it."""

import argparse

import pytest
from atelier_fixtures import PARTS

from distill.atelier import bench_verb


def test_the_bench_writes_speeds_with_load_chip_and_command(tmp_path):
    parser = argparse.ArgumentParser()
    bench_verb.add_arguments(parser)
    given = ["--parts", str(PARTS), "--count", "2", "--results", str(tmp_path / "BENCH.md")]
    assert bench_verb.main(parser.parse_args(given)) == 0
    lines = (tmp_path / "BENCH.md").read_text().splitlines()
    table = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    assert tuple(table[0]) == bench_verb.COLUMNS
    assert [row[0] for row in table[2:]] == ["portrait 256 px", "portrait 256 px, new colours each"]
    assert all(float(row[1]) > 0 and float(row[4]) >= 0 and "cores" in row[5] for row in table[2:])
    with pytest.raises(SystemExit, match="--photos"):
        bench_verb.main(parser.parse_args([*given, "--pairs", str(tmp_path)]))
