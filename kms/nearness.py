"""How near another place is: by tambon, amphoe and province, then by the map of the provinces.

Nothing below the province has coordinates here, so kilometres are between the middles of
provinces, and 0 within one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import asin, cos, inf, radians, sin, sqrt

from kms import places, province_map
from kms.language import gettext as _

SAME_TAMBON, SAME_AMPHOE, SAME_PROVINCE, NEIGHBOURING, SAME_REGION, ELSEWHERE, UNKNOWN = range(7)
# Provinces without a common border are near as well when this close: Phuket to Phang-nga.
NEAR_KM = 90
_EARTH_KM = 6371


@dataclass(frozen=True)
class Near:
    """How near ``code`` is; ``km`` is None and ``code`` empty when no place is known."""

    rank: int
    km: float | None
    code: str

    @property
    def order(self) -> tuple[int, float]:
        """Sorts the nearest first."""
        return self.rank, inf if self.km is None else self.km

    def __lt__(self, other: "Near") -> bool:
        return self.order < other.order

    @property
    def words(self) -> str:
        """The nearness as a person says it: "จังหวัดเดียวกัน"; empty when unknown."""
        km = round((self.km or 0) / 10) * 10
        return (
            _("ตำบลเดียวกัน"),
            _("อำเภอเดียวกัน"),
            _("จังหวัดเดียวกัน"),
            _("จังหวัดใกล้กัน ราว %(km)s กม.", km=km),
            _("ภาคเดียวกัน ราว %(km)s กม.", km=km),
            _("ต่างภาค ราว %(km)s กม.", km=km),
            "",
        )[self.rank]


NOWHERE = Near(UNKNOWN, None, "")


def near(place: str, codes: Iterable[str]) -> Near:
    """How near the nearest of ``codes`` is to ``place``; what is no place of today is passed over.

    A wider place counts by what is sure: someone in a tambon is in the same province as
    ``93``, no nearer. Of two equally near the one said first counts.
    """
    if not places.exists(place):
        return NOWHERE
    known = [_near(place, code) for code in codes if places.exists(code)]
    return min(known, default=NOWHERE)


def near_provinces(place: str) -> tuple[str, ...]:
    """Codes of the provinces near the one that ``place`` lies in, nearest first."""
    own = place[:2]
    others = [code for code in province_map.middles() if code != own]
    ranked = sorted((_near(own, code) for code in others), key=lambda each: each.order)
    return tuple(each.code for each in ranked if each.rank == NEIGHBOURING)


def _near(place: str, code: str) -> Near:
    for rank, width in ((SAME_TAMBON, 6), (SAME_AMPHOE, 4), (SAME_PROVINCE, 2)):
        if len(place) >= width and len(code) >= width and place[:width] == code[:width]:
            return Near(rank, 0.0, code)
    rank, km = _between(place[:2], code[:2])
    return Near(rank, km, code)


@cache
def _between(province: str, other: str) -> tuple[int, float]:
    km = _kilometres(province, other)
    if km <= NEAR_KM or other in province_map.neighbours()[province]:
        return NEIGHBOURING, km
    same = places.region_code(province) == places.region_code(other)
    return SAME_REGION if same else ELSEWHERE, km


def _kilometres(province: str, other: str) -> float:
    """Between the middles of two provinces, over the ground (haversine)."""
    middles = province_map.middles()
    (east, north), (other_east, other_north) = middles[province], middles[other]
    across, up = radians(other_east - east), radians(other_north - north)
    half = sin(up / 2) ** 2 + cos(radians(north)) * cos(radians(other_north)) * sin(across / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(half))
