"""The square that leads from paper back to the page."""

from functools import lru_cache

import segno
from markupsafe import Markup

QUIET_ZONE = 2
# Longer ones come from those who play with the Host header; drawing them would take long.
LONGEST = 300


@lru_cache(maxsize=256)
def svg(address: str) -> Markup:
    """An inline drawing of the address; a corner may be torn and it still reads.

    Empty for an address that is no address of ours.
    """
    if len(address) > LONGEST:
        return Markup("")
    drawn = segno.make(address, error="m", micro=False)
    inline = drawn.svg_inline(border=QUIET_ZONE, omitsize=True, svgclass="qr", lineclass=None)
    return Markup(inline)  # noqa: S704  segno draws squares only
