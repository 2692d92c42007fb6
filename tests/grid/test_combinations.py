"""The lines of a grid."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from bioner.errors import ConfigError
from bioner.grid.combinations import expand


def test_each_line_is_a_product_and_the_command_line_wins() -> None:
    lines = ["a=x b=y", "a=1,2"]
    jobs = expand(OverridesParser.create(), {"seed": "1"}, lines, ["b=z"])
    assert jobs == [
        ["seed=1", "a=x", "b=z"],
        ["seed=1", "a=1", "b=z"],
        ["seed=1", "a=2", "b=z"],
    ]


def test_a_quotation_that_does_not_end_is_named() -> None:
    with pytest.raises(ConfigError, match=r"hydra\.sweeper\.grids: .*No closing quotation"):
        expand(OverridesParser.create(), {}, ["a='x"], [])


def test_no_params_and_no_lines_leave_the_command_line() -> None:
    assert expand(OverridesParser.create(), None, None, ["a=1,2"]) == [["a=1"], ["a=2"]]


def test_params_that_are_no_mapping_are_named() -> None:
    with pytest.raises(ConfigError, match=r"hydra\.sweeper\.params: is 'seed=1'"):
        expand(OverridesParser.create(), "seed=1", [], [])  # type: ignore[arg-type]
