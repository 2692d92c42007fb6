"""Values that exclude each other are refused at the start, with both keys."""

import pytest

from bioner.errors import ConfigError
from tests.composition import train_config
from tests.config.test_checks import SHARED, TARGET

MIXED = [TARGET, *SHARED, "batch.shared=true", "mixing.tasks_per_update=all"]


@pytest.mark.parametrize(
    ("overrides", "keys"),
    [
        (
            [TARGET, "selftrain=soft", "encoder.context=document"],
            ("encoder.context", "selftrain.kind"),
        ),
        (
            [TARGET, *SHARED, "batch.shared=true"],
            ("batch.shared", "mixing.tasks_per_update"),
        ),
        (
            [TARGET, "encoder.syntax.kinds=[pos]", "encoder.pooling=every"],
            ("encoder.syntax.kinds", "encoder.pooling"),
        ),
        (
            [TARGET, "encoder.syntax.kinds=[pos]", "selftrain=soft"],
            ("encoder.syntax.kinds", "selftrain.kind"),
        ),
        ([*MIXED, "batch.tokens=512"], ("batch.shared", "batch.tokens")),
        ([*MIXED, "weighting=mean"], ("batch.shared", "weighting.strategy")),
        ([*MIXED, "selftrain=soft"], ("batch.shared", "selftrain.kind")),
    ],
)
def test_both_keys_are_named(overrides: list[str], keys: tuple[str, str]) -> None:
    with pytest.raises(ConfigError) as error:
        train_config(*overrides)
    assert error.value.key == keys[0]
    assert keys[1] in str(error.value)


def test_what_composes_is_taken() -> None:
    assert train_config(*MIXED, "encoder.context=document").batch.mixed(2, 2) == 16
    assert train_config(*MIXED).batch.mixed(1) is None
