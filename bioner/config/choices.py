"""What a config chooses by name: each name with the dotted path of what is built for it.

To add one is one line here; the class is imported when it is built, and not before.
"""

from collections.abc import Mapping

from bioner.errors import ConfigError, nearest

# `weighting.strategy`: subclasses of `bioner.model.weighting.TaskWeighting`.
WEIGHTINGS = {
    "equal": "bioner.model.weighting.EqualWeighting",
    "mean": "bioner.model.weighting.MeanWeighting",
    "uncertainty": "bioner.model.weighting.UncertaintyWeighting",
    "dwa": "bioner.model.balancing.DynamicWeightAverage",
    "gradnorm": "bioner.model.balancing.GradNorm",
    "gradients": "bioner.model.gradient_methods.GradientMethod",
}

# `head.shared`, which tasks share a head: subclasses of `bioner.model.bank.HeadBank`.
HEAD_BANKS = {
    "none": "bioner.model.bank.HeadPerTask",
    "type": "bioner.model.shared_heads.SharedByType",
    "all": "bioner.model.shared_heads.OneLabelSpace",
}

# `encoder.adapter.kind`: subclasses of `bioner.model.adapter.Adapter`.
ADAPTERS = {
    "lora": "bioner.model.peft_adapters.Lora",
    "ia3": "bioner.model.peft_adapters.Ia3",
}


def check_choice(key: str, name: str, choices: Mapping[str, str]) -> None:
    """Check that a name is one of a table.

    Raises:
        ConfigError: it is not, with the nearest names.
    """
    if name not in choices:
        raise ConfigError(key, f"no {name!r}", nearest(name, choices))
