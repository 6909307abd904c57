"""Style codes by name: what a file keeps, how an exemplar is found, what is refused."""

import pytest
import torch

from distill.teacher.codes import CodeBook, read_codes, write_codes
from distill.teacher.licence import NON_COMMERCIAL, joined, require_shippable


def book(rows=10):
    return CodeBook(("b.png", "äa.jpg", "7.png"), torch.randn(3, rows, 512), "intrinsic", "terms")


def test_a_file_keeps_codes_order_kind_and_licence(tmp_path):
    before = book()
    write_codes(tmp_path / "codes.safetensors", before)
    after = read_codes(tmp_path / "codes.safetensors", rows=10)
    assert (after.names, after.kind, after.licence) == (before.names, "intrinsic", "terms")
    assert torch.equal(after.codes, before.codes)
    with pytest.raises(SystemExit, match="10 rows, this network needs 14"):
        read_codes(tmp_path / "codes.safetensors", rows=14)


def test_an_exemplar_is_found_by_name_stem_or_number():
    found = book()
    assert [found.index(key) for key in ("äa.jpg", "äa", "b", "2", "7")] == [1, 1, 0, 2, 2]
    assert torch.equal(found.only(["7", "b"]).codes, found.codes[[2, 0]])
    for key in ("3", "c", "-1"):
        with pytest.raises(SystemExit, match="a number below 3"):
            found.index(key)


def test_other_files_and_shapes_are_refused(tmp_path):
    (tmp_path / "x").write_bytes(b"no")
    with pytest.raises(SystemExit, match="not a safetensors file"):
        read_codes(tmp_path / "x")
    with pytest.raises(SystemExit, match="no such file"):
        read_codes(tmp_path / "y")
    with pytest.raises(ValueError, match="same name"):
        CodeBook(("a", "a"), torch.zeros(2, 10, 512))
    with pytest.raises(ValueError, match="for 1 names"):
        CodeBook(("a",), torch.zeros(2, 10, 512))


def test_terms_bind_what_is_made_from_them():
    assert joined("", NON_COMMERCIAL, "") == NON_COMMERCIAL and joined("", "") == ""
    require_shippable("", "x")
    with pytest.raises(SystemExit, match="x is not free to ship"):
        require_shippable(NON_COMMERCIAL, "x")
