"""How far a job was each time that its cluster put it back into the queue."""

# Requeues in a row that bring a job no further before it is said.
_IN_VAIN = 2


class Requeues:
    """Notices a job that never gets further within one allocation.

    It writes a checkpoint where its end is announced, so that this happens only where it does not
    come as far as training, or where writing the checkpoint takes longer than the cluster waits.
    """

    def __init__(self) -> None:
        self._reached: list[str] = [""]

    def note(self, reached: str) -> str:
        """Note one more requeue.

        Args:
            reached: from where the job says that it will go on; empty where it does not.

        Returns:
            A warning, or nothing.
        """
        self._reached.append(reached or self._reached[-1])
        latest = self._reached[-1 - _IN_VAIN :]
        if len(latest) <= _IN_VAIN or len(set(latest)) > 1:
            return ""
        where = f"than {latest[-1]}" if latest[-1] else "than its start"
        return (
            f"requeued twice without having got further {where}; "
            "give hydra.launcher.time_limit more minutes"
        )
