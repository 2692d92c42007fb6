"""A key that nothing reads is an error, however it came into the config."""

import pytest

from bioner.config.hydra_setup import SCHEMAS
from bioner.config.unknown_keys import refuse_unknown_keys
from bioner.errors import ConfigError
from tests.composition import composed


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("+lr=1e-4", "lr: no such key; optimizer.lr is meant"),
        ("+finetune.tagets=[x]", r"finetune.tagets: no such key; did you mean targets or test\?"),
        ("+dataset.bc2gm.fromat=brat", r"dataset.bc2gm.fromat: .* did you mean format"),
    ],
)
def test_added_keys(override: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        refuse_unknown_keys(composed(override, with_hydra=True), SCHEMAS["train"])


def test_groups_of_other_libraries_take_any_key() -> None:
    given = ["+trainer.benchmark=true", "+optimizer.options.eps=1e-6"]
    refuse_unknown_keys(composed(*given, with_hydra=True), SCHEMAS["train"])
