"""Where weights and codes come from, carried along in every file made from them.

An empty `licence` means: ours, free to ship. Anything else names the terms, and whatever is made
with such a file repeats them, so that an export can refuse.
"""

from __future__ import annotations

NON_COMMERCIAL = "non-commercial: made from released DualStyleGAN weights, for research only"


def joined(*licences: str) -> str:
    """The terms that bind a thing made from several: the first that is not free, or none."""
    return next((licence for licence in licences if licence), "")


def require_shippable(licence: str, what: str) -> None:
    """Raises SystemExit with a sentence if `licence` forbids to ship what is made from `what`."""
    if licence:
        raise SystemExit(
            f"{what} is not free to ship ({licence}); export only what was trained from your own base."
        )
