"""bioner in a spaCy pipeline."""

import pytest

from bioner.predict.annotator import Annotator
from tests.predict.conftest import Runs
from tests.predict.test_tagger import predictions

spacy = pytest.importorskip("spacy", reason="the extra `spacy` is not installed")


def test_a_pipeline(runs: Runs, annotator: Annotator) -> None:
    from bioner.predict.spacy_component import BionerComponent

    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "OWN", "pattern": "the"}])
    assert isinstance(nlp.add_pipe("bioner", config={"run": str(runs.linear)}), BionerComponent)
    rows = predictions(runs.linear / "predictions" / "demo_disease_related.test.tsv")[:40]
    texts = [" ".join(sentence.words) for sentence, _ in rows] + ["", "\U0001f9ec."]
    expected = annotator.predict(texts)
    docs = list(nlp.pipe(texts))
    assert [doc.text for doc in docs] == texts
    for doc, document in zip(docs, expected, strict=True):
        found = [
            (s.start_char, s.end_char, s.label_, s._.bioner_score, s._.bioner_head)
            for s in doc.spans["bioner"]
        ]
        for (start, end, *rest), a in zip(found, document.annotations, strict=True):
            assert start <= a.spans[0][0] < a.spans[0][1] <= end
            assert rest == [a.type, a.score, a.source]
    assert {"OWN", "Disease"} == {e.label_ for doc in docs for e in doc.ents}
    alone = nlp(texts[0])
    assert [s.text for s in alone.spans["bioner"]] == [s.text for s in docs[0].spans["bioner"]]
