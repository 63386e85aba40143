"""Real documents and load data that stay outside the project; tests skip where they are absent."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"
SEEDS = SHARED / "seeds"
DATA = SHARED / "data"

needs_seeds = pytest.mark.skipif(not SEEDS.exists(), reason="the five real documents are not here")
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the load data is not here")
