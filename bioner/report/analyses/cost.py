"""What runs cost: time, speed, memory, and the pretraining that the stage store saved."""

import pandas as pd


def cost(frame: pd.DataFrame) -> pd.DataFrame:
    """Return per regime, encoder and train size the runs' median seconds, words/s and memory.

    A run that serves several targets counts once.
    """
    done = frame[frame.status == "complete"].drop_duplicates("run")
    # Whole bytes, whether or not a run that left none has made floats of the column.
    done = done.assign(peak_rss_bytes=done.peak_rss_bytes.astype("Int64"))
    groups = done.groupby(["regime", "encoder", "size", "variant"], sort=False)
    return groups.agg(
        runs=("run", "size"),
        train_seconds=("train_seconds", "median"),
        wall_seconds=("wall_seconds", "median"),
        total_hours=("wall_seconds", lambda s: s.sum() / 3600),
        words_per_second=("words_per_second", "median"),
        peak_rss_bytes=("peak_rss_bytes", "max"),
    ).reset_index()


def stages(frame: pd.DataFrame) -> pd.DataFrame:
    """Return per pretraining stage its sources, the runs that used it and the seconds saved.

    Each run that took a stage from the store saved the stage's training seconds.
    """
    used = frame[(frame.status == "complete") & (frame.stage != "")].drop_duplicates("run")
    table = used.groupby(["sources", "encoder", "stage"], sort=False).agg(
        runs=("run", "size"),
        reused=("reused", lambda s: int(s.astype(bool).sum())),
        seconds=("pretrain_seconds", "median"),
    )
    return table.assign(saved_hours=table.reused * table.seconds / 3600).reset_index()
