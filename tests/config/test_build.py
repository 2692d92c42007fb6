"""`_target_` is built, and a key that it does not take is named."""

import pytest

from bioner.config.build import build
from bioner.errors import ConfigError


def test_builds_with_given_arguments_winning() -> None:
    made = build("x", {"_target_": "fractions.Fraction", "numerator": 1}, denominator=3)
    assert str(made) == "1/3"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"_target_": "fractions.Fractoin"}, "trainer._target_: no 'fractions.Fractoin'"),
        ({"_target_": "no_such_module.X"}, "trainer._target_: no 'no_such_module.X'"),
        ({"_target_": "nodots"}, "trainer._target_: no 'nodots'"),
        ({"_target_": "fractions.Fraction", "numerater": 1}, "did you mean numerator"),
        ({"_target_": "fractions.Fraction", "numerator": "x"}, "refuses its values"),
    ],
)
def test_refused(config: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build("trainer", config)
    assert message in str(caught.value)
