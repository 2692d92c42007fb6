"""What known gains of other targets say of plans."""

import pandas as pd
import pytest

from bioner.transferability.belief import Belief
from bioner.transferability.foreknowledge import Foreknowledge, beside_transfer, largest_target
from bioner.transferability.known import Known, load_known
from bioner.transferability.tables import GAIN_COLUMNS, MEASURE_COLUMNS

KNOWN = Foreknowledge({"a": Belief(0.03, 0.03)}, {"mtl": Belief(-0.01, 0.04)})


def gains(*rows: tuple[str, str, float], size: str = "10 %") -> pd.DataFrame:
    """Gains from one source, a row a (target, regime, gain)."""
    return pd.DataFrame(
        [("s", target, regime, "tiny", size, 1, gain) for target, regime, gain in rows],
        columns=GAIN_COLUMNS,
    )


def test_transfer_is_what_is_expected_of_its_source() -> None:
    assert KNOWN.of("transfer", "a") == Belief(0.03, 0.03)
    assert KNOWN.of("transfer", "b") is None


def test_another_regime_adds_what_it_gains_beside_transfer() -> None:
    found = KNOWN.of("mtl", "a")
    assert found is not None
    assert (found.mean, found.error) == pytest.approx((0.02, 0.05))
    assert KNOWN.of("transfer_mtl", "a") is None


def test_a_plan_without_a_source_is_expected_to_gain_nothing() -> None:
    assert KNOWN.of("single", None) == Belief(0.0, 0.03)


def test_beside_transfer() -> None:
    found = beside_transfer(
        gains(
            *((f"t{i}", "transfer", 0.03) for i in range(4)),
            *((f"t{i}", "mtl", gain) for i, gain in enumerate([0.01, 0.02, 0.03])),
            *((f"t{i}", "transfer_mtl", 0.05) for i in range(2)),  # of too few targets
            ("t9", "mtl", 0.9),  # without transfer beside it
        )
    )
    assert set(found) == {"mtl"}
    assert (found["mtl"].mean, found["mtl"].error) == pytest.approx((-0.01, 0.01))


def test_without_transfer_nothing_is_known() -> None:
    assert beside_transfer(gains(("t0", "mtl", 0.01))) == {}
    assert beside_transfer(gains()) == {}


@pytest.mark.parametrize(("size", "largest"), [("10 %", 50), ("all", 500), ("40", 40)])
def test_the_largest_target(size: str, largest: float) -> None:
    rows = [("t", "s", "source_size", "", 2.0, 0.0), ("u", "s", "source_size", "", 2.69897, 0.0)]
    measures = pd.DataFrame(rows, columns=MEASURE_COLUMNS)
    known = Known(gains(("t", "transfer", 0.1), ("u", "transfer", 0.1), size=size), measures)
    assert largest_target(known) == pytest.approx(largest, abs=0.01)


def test_no_known_gain_is_of_no_target() -> None:
    empty = pd.DataFrame(columns=MEASURE_COLUMNS)
    assert largest_target(Known(gains(), empty)) == 0
    assert largest_target(Known(gains(("t", "transfer", 0.1)), empty)) == 0


def test_the_known_gains_of_the_package_speak_of_every_regime() -> None:
    known = load_known().with_encoder("minilm")
    assert set(beside_transfer(known.gains)) == {"mtl", "transfer_mtl"}
    # Ten percent of the 16,807 train sentences of jnlpba.
    assert largest_target(known) == pytest.approx(1680.7)
