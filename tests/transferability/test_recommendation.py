"""The order of sources without known gains and with them; when none is likely to help."""

import re
from copy import deepcopy
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bioner.config.recommend import RecommendConfig, to_recommend_config
from bioner.errors import ConfigError, UserError
from bioner.machine.user_cache import user_cache
from bioner.transferability.advice import advise
from bioner.transferability.known import Known, load_known
from bioner.transferability.recommendation import recommend
from bioner.transferability.registry import measures
from bioner.transferability.tables import GAIN_COLUMNS, MEASURE_COLUMNS
from tests.composition import composed
from tests.transferability.numbered import numbered

NAMES = ["a", "b", "c", "d"]
NOTHING = Known(pd.DataFrame(columns=GAIN_COLUMNS), pd.DataFrame(columns=MEASURE_COLUMNS))


def values_of(target: str, closeness: dict[str, float]) -> pd.DataFrame:
    """Measures that agree on how close each source is."""
    rows = [
        row
        for source, close in closeness.items()
        for row in (
            (source, target, "mention_overlap_tokens", "", close, 0.1),
            (source, target, "label_nmi_words", "", close / 2, 0.1),
            (source, target, "perplexity", "", 1000 * (1 - close), 0.1),
            (source, target, "cooccurrence_oracle", "", 1 - close, 0.1),
        )
    ]
    return pd.DataFrame(rows, columns=MEASURE_COLUMNS)


def known_of(level: float, sign: float) -> Known:
    """Four targets on which close sources help (sign 1) or harm (-1)."""
    random = np.random.default_rng(0)
    close = {pair: random.random() for pair in product(NAMES, NAMES) if pair[0] != pair[1]}
    gains = [
        (s, t, "transfer", "tiny", "all", seed, level + sign * 0.04 * (value - 0.5))
        for (s, t), value in close.items()
        for seed in (1, 2)
    ]
    tables = [
        values_of(t, {s: value for (s, other), value in close.items() if other == t}) for t in NAMES
    ]
    return Known(pd.DataFrame(gains, columns=GAIN_COLUMNS), pd.concat(tables))


def test_without_gains_measures_vote_and_say_so() -> None:
    found = recommend(values_of("t", {"x": 0.1, "y": 0.9, "z": 0.5}), "t", measures(), NOTHING)
    assert [advice.source for advice in found.advice] == ["y", "z", "x"]
    assert found.advice[0].score == 1 and found.advice[-1].score == 0
    assert "no gains are known yet" in found.basis
    assert found.reliability == [
        "no gains are known yet: how reliable this order is, nobody has measured"
    ]
    assert found.none_helps == ""
    best, worst = found.advice[0], found.advice[-1]
    assert any(text.endswith("0.9 (1 of 3)") for text in best.speaks_for)
    assert not best.speaks_against and not worst.speaks_for
    assert not any("oracle" in text for advice in found.advice for text in advice.speaks_for)


def test_without_gains_and_without_anything_shared_none_is_likely() -> None:
    found = recommend(values_of("t", {"x": 0.0, "y": 0.005}), "t", measures(), NOTHING)
    assert "shares mentions" in found.none_helps


@pytest.mark.parametrize(("sign", "first"), [(1, "y"), (-1, "x")])
def test_with_gains_the_order_follows_them(sign: float, first: str) -> None:
    values = values_of("t", {"x": 0.1, "y": 0.9, "z": 0.5})
    found = recommend(values, "t", measures(), known_of(0.01, sign))
    assert found.advice[0].source == first
    assert "the gains of 4 other targets (transfer, tiny, training size all)" in found.basis
    assert ("no measure alone foretold them" in found.basis) == (sign < 0)
    setting, *lines = found.reliability
    assert setting.startswith("transfer, tiny, training size all, 4 targets; only 4 targets: ")
    for name in ("ridge, leave one target out", "mean gain over the other targets", "random"):
        assert any(line.startswith(f"{name}: spearman ") for line in lines)
    assert all(", regret@1 " in line for line in lines)
    assert found.none_helps == ""


def test_only_measures_that_foretold_the_known_gains_speak() -> None:
    values, known = values_of("t", {"x": 0.1, "y": 0.9, "z": 0.5}), known_of(0.01, 1)
    noise = known.measures["measure"] == "perplexity"
    known.measures.loc[noise, "value"] = np.random.default_rng(1).random(noise.sum())
    best = recommend(values, "t", measures(), known).advice[0]
    assert best.source == "y"
    spoken = {
        name
        for name in ("mention_overlap_tokens", "label_nmi_words", "perplexity")
        if any(text.startswith(measures()[name].says) for text in best.speaks_for)
    }
    assert spoken == {"mention_overlap_tokens", "label_nmi_words"}
    assert all("(1 of 3; Spearman so far 1.00)" in text for text in best.speaks_for)


def test_where_no_measure_foretold_the_gains_none_speaks_and_that_is_said() -> None:
    values, known = values_of("t", {"x": 0.1, "y": 0.9, "z": 0.5}), known_of(0.01, -1)
    found = recommend(values, "t", measures(), known)
    assert not any(advice.speaks_for or advice.speaks_against for advice in found.advice)
    assert "no measure alone foretold them" in found.basis


def test_only_an_order_of_the_same_measures_is_judged() -> None:
    values, known = values_of("t", {"x": 0.1, "y": 0.9, "z": 0.5}), known_of(0.01, 1)
    noise = known.measures[known.measures["measure"] == "perplexity"].assign(measure="leep")
    noise["value"] = np.random.default_rng(1).random(len(noise))
    more = Known(known.gains, pd.concat([known.measures, noise]))
    found = [recommend(values, "t", measures(), one).reliability for one in (known, more)]
    assert found[0] == found[1]


def test_with_gains_that_are_losses_none_is_likely_to_help() -> None:
    values = values_of("t", {"x": 0.1, "y": 0.9})
    found = recommend(values, "t", measures(), known_of(-0.1, 1))
    assert "0 or less" in found.none_helps


def test_known_gains_of_the_target_are_told_and_never_learnt_from() -> None:
    known = known_of(0.01, 1)
    values = known.measures[known.measures["target"] == "a"]
    found = recommend(values, "a", measures(), known)
    assert "3 other targets" in found.basis
    gain = known.gains[(known.gains["target"] == "a") & (known.gains["source"] == "b")]["gain"]
    by_source = {advice.source: advice.gain for advice in found.advice}
    assert by_source["b"] == pytest.approx(gain.mean())


def test_one_source() -> None:
    found = recommend(values_of("t", {"x": 0.5}), "t", measures(), NOTHING)
    assert [advice.source for advice in found.advice] == ["x"]


def test_the_shipped_tables_can_be_read() -> None:
    known = load_known()
    assert list(known.gains.columns) == GAIN_COLUMNS
    assert set(known.measures["measure"]) <= set(measures())


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "known_measures.csv").write_text(",".join(MEASURE_COLUMNS) + "\n")
    (tmp_path / "known_gains.csv").write_text("source,target\n")
    with pytest.raises(UserError, match=r"known_gains.csv:1: has no column regime"):
        load_known(tmp_path)
    row = "a,b,transfer,e,0.1,1,abc"
    (tmp_path / "known_gains.csv").write_text(f"{','.join(GAIN_COLUMNS)}\n{row}\n")
    with pytest.raises(UserError, match=r"known_gains.csv:2: gain is 'abc'"):
        load_known(tmp_path)


def configured(tmp_path: Path, *overrides: str) -> RecommendConfig:
    return to_recommend_config(
        composed(
            "target=demo_disease",
            "sources=[demo_unrelated,demo_disease_related]",
            "encoder=tiny",
            "words=1000",
            f"datasets_dir={tmp_path}/datasets",
            f"runs_dir={tmp_path}/runs",
            f"cache_dir={tmp_path}/cache",
            *overrides,
            verb="recommend",
        )
    )


def test_from_raw_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))  # where the demo datasets lie
    config = configured(tmp_path)
    found = advise(config, ["encoder=tiny"])
    assert found.advice[0].source == "demo_disease_related"
    text = capsys.readouterr().out
    assert "1. demo_disease_related" in text and "no gains are known yet" in text
    assert text.rstrip().endswith(
        "bioner train pretrain=sources pretrain.sources=demo_disease_related "
        "finetune.targets=demo_disease encoder=tiny"
    )
    with_test = config.dataset["demo_disease"]
    without = deepcopy(with_test)
    for said in (without.files, without.sha256, without.sentences, without.mentions):
        said.pop("test", None)
    without.test_share = 0.0
    config.dataset["demo_disease"] = without
    advise(config, ["encoder=tiny"])
    assert capsys.readouterr().out.rstrip().endswith("encoder=tiny finetune.test=false")
    config.dataset["demo_disease"] = with_test
    # A source that holds the target's test sentences.
    folder = user_cache("datasets") / "demo_disease_related"
    test = (user_cache("datasets") / "demo_disease" / "test.tsv").read_text()
    train = folder / "train.tsv"
    train.write_text(train.read_text() + test)
    related = config.dataset["demo_disease_related"]
    related.sha256, related.sentences, related.mentions = {}, {}, {}
    advise(config)
    text = capsys.readouterr().out
    assert "LEAKAGE:" in text and "leakage=drop" in text.rstrip().splitlines()[-1]


def test_what_is_here_is_looked_at_where_no_source_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configured(tmp_path, "sources=[all]")
    assert len(config.dataset) > 20
    here = numbered(tmp_path, "genes", 0, 30)
    config.dataset |= {"genes": here, "genes_again": here}
    found = advise(config)
    assert [one.source for one in found.advice] == ["genes"]
    text = capsys.readouterr().out
    assert "no source: genes_again: part of genes" in text
    assert "no source: demo_unrelated: a demo dataset" in text
    assert "bc2gm" not in text  # its files are not here
    with pytest.raises(UserError, match=r"sources: none may be used .*no other corpus|demo"):
        advise(configured(tmp_path, "sources=[all]"))


def test_sets_are_judged_where_they_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    advise(configured(tmp_path, "sets=2"))
    shown = capsys.readouterr().out.split("\nSets, by how far ")[1].split("\nNext:")[0]
    _, first, *more = shown.strip().splitlines()
    assert re.fullmatch(r"  demo_\w+: -?\d+\.\d%", first)
    # A further source joins only where the set is better with it.
    values = [float(line.rsplit(": ", 1)[1].rstrip("%")) for line in (first, *more)]
    assert len(values) <= 2 and values == sorted(values)
    with pytest.raises(ConfigError, match="sets: is 0"):
        configured(tmp_path, "sets=0")


def test_where_none_helps_the_next_command_trains_on_the_target_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured(tmp_path, "sources=[demo_unrelated]", "target_size=50")
    nothing = "no source shares a thing"
    monkeypatch.setattr(
        "bioner.transferability.recommendation._nothing_shared", lambda values: nothing
    )
    advise(config)
    text = capsys.readouterr().out
    assert f"None is likely to help: {nothing}." in text
    last = text.rstrip().splitlines()[-1].strip()
    assert last == "bioner train finetune.targets=demo_disease finetune.train_size=50"


def test_a_target_without_mentions_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    for split in ("train", "devel", "test"):
        (folder / f"{split}.tsv").write_text("No\tO\nmention\tO\nhere\tO\n")
    config = configured(tmp_path)
    plain = config.dataset["demo_disease"]
    plain.path, plain.url = str(folder), None
    plain.sha256, plain.sentences, plain.mentions = {}, {}, {}
    with pytest.raises(UserError, match="demo_disease: has no mention in its training"):
        advise(config)
