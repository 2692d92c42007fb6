"""What is tried, and in which order: what the sources' order, their sets and the user's say."""

from bioner.corpora.sentence import Sentence
from bioner.fit.candidates import Candidate, candidates
from bioner.fit.ranking import Ranking, grown
from bioner.transferability.outlook import Prospect
from bioner.transferability.recommendation import Advice, Recommendation
from tests.fit.searches import fit_config

TARGET = "target=demo_disease"
RANKING = Ranking(["a", "b", "c", "d"], [("a", "c")], None)
SHARES = {"a": True, "b": False, "c": False, "d": False}


def tried(*given: str, ranking: Ranking = RANKING) -> dict[str, Candidate]:
    found = candidates(fit_config(TARGET, *given), ranking, SHARES, 70, 10, given)
    assert len({one.words for one in found}) == len(found)
    return {one.name: one for one in found}


def test_the_first_source_comes_first_and_sets_of_several_after_it() -> None:
    found = tried()
    assert [*found] == [
        "transfer from a",
        "transfer from b",
        "transfer from c",
        "transfer from a, then mtl with it",
        "mtl with a",
        "transfer from a + c",
        "mtl with a + c",
        "mtl with b",
        "mtl with a, uniform",
        "transfer from d",
        "mtl with c",
        "mtl with d",
    ]
    assert found["transfer from a + c"].sources == ("a", "c")
    assert "pretrain.sources=[a,c]" in found["transfer from a + c"].words
    together = ("finetune=mtl", "finetune.auxiliaries=a")
    assert found["mtl with a"].words == together
    assert found["mtl with a, uniform"].words == (*together, "mixing=uniform")
    assert {"pretrain.steps=70", "pretrain.seed=1"} < {*found["transfer from b"].words}
    carry = "pretrain.carry=encoder_and_heads_by_type"
    assert carry in found["transfer from a"].words
    assert carry not in found["transfer from b"].words


def test_what_is_given_is_not_chosen() -> None:
    steps = tried("pretrain.steps=20")["transfer from a"].words
    assert "pretrain.epochs=null" in steps and "pretrain.steps=70" not in steps
    keys = ("mixing", "pretrain.epochs", "pretrain.carry", "pretrain.seed")
    found = tried(*map("{}={}".format, keys, ("proportional", 1, "encoder", 3)))
    words = {word for one in found.values() for word in one.words}
    assert not [word for word in words if word.startswith(keys)]
    assert "mtl with a, uniform" not in found


def test_without_a_source_single_is_varied() -> None:
    alone = Ranking([], [], None)
    found = tried("optimizer.lr=1e-3", "finetune.epochs=6", ranking=alone)
    assert [*found] == ["single, head=crf"]
    rate = fit_config(TARGET).optimizer.lr
    found = tried(ranking=alone)
    assert [one.words for one in found.values()] == [
        ("head=crf",),
        (f"optimizer.lr={2 * rate:g}",),
        (f"optimizer.lr={rate / 2:g}",),
        ("finetune.epochs=20",),
    ]


def sentences(*mentions: str) -> list[Sentence]:
    return [Sentence((one, "is"), ("B-Gene", "O"), 1) for one in mentions]


def test_sets_grow_by_what_adds_most_to_all_of_them_together() -> None:
    wanted = sentences("p53", "brca1", "myc", "ras", "egfr")
    known = {
        "first": sentences("p53", "brca1"),
        "twin": sentences("p53", "brca1"),
        "little": sentences("myc"),
        "much": sentences("myc", "ras", "brca1"),
    }
    assert grown(known, wanted) == [("first", "much")]
    assert grown({"first": known["first"]}, wanted) == []
    last = {**known, "egfr": sentences("egfr")}
    assert grown(last, wanted) == [("first", "much"), ("first", "much", "egfr")]


def test_self_training_is_tried_where_there_is_text_for_it() -> None:
    def named(ranking: Ranking, *given: str) -> dict[str, Candidate]:
        found = candidates(fit_config(TARGET, *given), ranking, SHARES, 70, 10, given, text=True)
        return {one.name: one for one in found}

    taught = "transfer from a, then self-training"
    found = named(RANKING, "selftrain.rounds=2")
    assert "single, then self-training" in found
    # The learning curve is that of the plan without it.
    assert found[taught].teacher == found["transfer from a"]
    assert found["transfer from a"].teacher is None
    transfer = found["transfer from a"]
    words = ("selftrain=soft", "selftrain.epochs=10", "selftrain.rounds=2")
    assert found[taught].words == (*transfer.words, *words)
    assert found[taught].sources == ("a",)
    assert "single, then self-training" in named(Ranking([], [], None))
    assert taught not in named(RANKING, "selftrain=soft")  # every run has it then
    assert taught not in tried()


def test_where_help_is_doubtful_single_is_varied_early() -> None:
    def names(gain: float) -> list[str]:
        advice = Advice("a", gain, [], [], None, Prospect(-0.1, 0.1, 0.2, 0.03))
        order = Recommendation(TARGET, [advice], "", "", "", [])
        return [*tried(ranking=Ranking(["a", "b"], [], order))]

    begin = [
        "transfer from a",
        "transfer from b",
        "transfer from a, then mtl with it",
        "mtl with a",
    ]
    assert names(0.01)[:5] == [*begin, "mtl with b"]
    assert names(-0.01)[:5] == [*begin, "single, head=crf"]
