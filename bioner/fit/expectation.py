"""What a candidate should gain: what other targets say before it is trained, then devel with it."""

from bioner.fit.candidates import Candidate
from bioner.model.f1_error import f1_standard_error
from bioner.transferability.belief import Belief
from bioner.transferability.foreknowledge import Foreknowledge


class Expectation:
    """Weighs what known gains say of the candidates of a search against what devel says.

    Args:
        known: of the target's sources; None where nothing is known: devel alone tells then.
        mentions: of the devel sentences on which a run is scored.
    """

    def __init__(self, known: Foreknowledge | None, mentions: int) -> None:
        self._known, self._mentions = known, mentions

    def before(self, one: Candidate) -> Belief | None:
        """Return what a candidate should gain over `single`; None where nothing is known of it.

        Little is known of sets and of self-training: a set should give what its first source gives,
        and self-training nothing beside what it starts from.
        """
        plan = one.teacher or one
        source = plan.sources[0] if plan.sources else None
        return self._known.of(plan.regime, source) if self._known else None

    def in_rung(self, one: Candidate, f1: float, base: float, blur: float) -> float:
        """Return the gain to expect of a candidate after a rung, by which it is placed there.

        Args:
            one: the candidate.
            f1: its mean devel F1.
            base: that of `single`.
            blur: how many standard errors of F1 such a gain is from the one on test.
        """
        before = self.before(one)
        if before is None:
            return f1 - base
        gold = self._mentions
        error = f1_standard_error(gold, gold, round(base * gold))
        return before.after(Belief(f1 - base, blur * error)).mean if error else f1 - base
