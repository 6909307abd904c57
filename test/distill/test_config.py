"""Settings: file, overrides, types, and errors that help."""

import argparse
from dataclasses import dataclass
from typing import Literal

import pytest

from distill.__main__ import main
from distill.config import ConfigError, config_values, free, load_config, make_config


@dataclass(frozen=True)
class Settings:
    data: str
    size_px: int = 64
    rate: float = 1e-3
    tiers: tuple[str, ...] = ("A",)
    start: str | None = None
    device: str = free("cpu")
    mode: Literal["fast", "slow"] = "fast"


def arguments(tmp_path, text="", overrides=()):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    return argparse.Namespace(config=path, overrides=list(overrides))


def test_override_is_stronger_than_file_and_file_than_default(tmp_path):
    args = arguments(tmp_path, "data: faces\nsize_px: 128\ntiers: [A, B]", ["size_px=256"])
    config = load_config(Settings, args)
    assert (config.data, config.size_px, config.rate) == ("faces", 256, 1e-3)
    assert config.tiers == ("A", "B")


def test_scientific_notation_is_a_number(tmp_path):
    assert load_config(Settings, arguments(tmp_path, "data: x", ["rate=2e-4"])).rate == 2e-4


def test_unknown_key_names_near_matches(tmp_path):
    with pytest.raises(ConfigError, match=r"'size'.*size_px"):
        load_config(Settings, arguments(tmp_path, "data: x\nsize: 3"))


@pytest.mark.parametrize("key, value", [("size_px", "big"), ("size_px", 1.5), ("size_px", True),
                                        ("rate", None), ("mode", "medium")])
def test_wrong_type_is_named(key, value):
    with pytest.raises(ConfigError, match=key):
        make_config(Settings, {"data": "x", key: value})


def test_missing_setting_and_missing_file_are_named(tmp_path):
    with pytest.raises(ConfigError, match="needs data"):
        make_config(Settings, {})
    with pytest.raises(ConfigError, match="no such file"):
        load_config(Settings, argparse.Namespace(config=tmp_path / "none.yaml", overrides=[]))


def test_free_settings_do_not_count_for_resume():
    one, two = (make_config(Settings, {"data": "x", "device": d}) for d in ("cpu", "cuda"))
    assert config_values(one) != config_values(two)
    assert config_values(one, fixed_only=True) == config_values(two, fixed_only=True)


def test_help_lists_verbs_and_unknown_verb_is_a_sentence(capsys):
    assert main(["--help"]) == 0
    assert "usage: python -m distill VERB" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="'trainbase' is not a verb"):
        main(["trainbase"])
