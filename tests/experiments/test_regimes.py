"""The picture of the regimes is what its script draws."""

import runpy
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "demo"


@pytest.mark.parametrize("palette", ["light", "dark"])
def test_the_picture_is_up_to_date(palette: str) -> None:
    script = runpy.run_path(str(FOLDER / "regimes.py"))
    drawn = script["picture"](script["PALETTES"][palette])
    assert (FOLDER / f"regimes_{palette}.svg").read_text(encoding="utf-8") == drawn
    words = [element.text for element in ET.fromstring(drawn).iter() if element.text]
    assert {"single", "transfer", "mtl", "transfer_mtl", "source", "target", "auxiliary"} <= {
        *words
    }
