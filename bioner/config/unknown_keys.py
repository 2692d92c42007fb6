"""Keys that no schema knows: `+key=value` adds them to any config, and nothing would read them."""

from dataclasses import fields, is_dataclass

from omegaconf import DictConfig, OmegaConf

from bioner.config.synonyms import meant
from bioner.errors import ConfigError, nearest


def refuse_unknown_keys(cfg: DictConfig, schema: type, prefix: str = "") -> None:
    """Check that every key is one of its schema.

    Args:
        cfg: a composed config, or a part of it.
        schema: of the verb.
        prefix: the key of the part, with a dot.

    Raises:
        ConfigError: a key that nothing reads.
    """
    kind = OmegaConf.get_type(cfg)
    names = [name for name in map(str, cfg) if prefix + name != "hydra"]
    if isinstance(kind, type) and is_dataclass(kind):
        legal = [field.name for field in fields(kind)]
        for name in names:
            if name not in legal:
                key = f"{prefix}{name}"
                right = meant(key, schema)
                hint = f"{' or '.join(right)} is meant" if right else nearest(name, legal)
                raise ConfigError(key, "no such key", hint)
    for name in names:
        if OmegaConf.is_missing(cfg, name) or OmegaConf.is_interpolation(cfg, name):
            continue
        part = cfg[name]
        if isinstance(part, DictConfig):
            refuse_unknown_keys(part, schema, f"{prefix}{name}.")
