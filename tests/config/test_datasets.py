"""Every value of `bioner datasets` that can't be used is refused with its key."""

import pytest

from bioner.config.datasets import to_datasets_config
from bioner.errors import ConfigError
from tests.composition import composed


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["action=check"], "names: is empty; expected some of "),
        (["action=check", "names=[bc2g]"], "names: no dataset 'bc2g'; did you mean bc2gm"),
        (["names=[bc2gm,bc2gm]"], "names: holds bc2gm more than once"),
        (
            ["action=check", "names=[bc2gm]", "encoders=[minlm]"],
            "encoders: no encoder 'minlm'; did you mean minilm",
        ),
        (
            ["action=describe", "names=[bc2gm]", "encoders=[minilm]"],
            "encoders: is given, but the action is describe",
        ),
        (
            ["action=describe", "names=[bc2gm]", "picture=x.jpg"],
            "picture: is 'x.jpg'; a file: .png, .svg, .pdf",
        ),
        (
            ["action=check", "names=[bc2gm]", "picture=x.png"],
            "picture: is given, but the action is check; describe",
        ),
        (["action=new"], "path: is not given; the file or folder"),
        (["action=new", "path=here", "name=a-b"], "name: is 'a-b'; letters, digits and _"),
        (["action=list", "path=here"], "path: is given, but the action is list; new"),
        (["action=check", "names=[bc2gm]", "limit=0"], "limit: is 0"),
        (["action=check", "names=[bc2gm]", "word_pieces=0"], "word_pieces: is 0"),
    ],
)
def test_refused_by_datasets(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        to_datasets_config(composed(*overrides, verb="datasets"))
    assert str(raised.value).startswith(message)


def test_datasets_lists_all_where_none_is_named() -> None:
    config = to_datasets_config(composed(verb="datasets"))
    assert {"bc2gm", "demo_disease"} < set(config.dataset)
    assert config.encoder == {}
