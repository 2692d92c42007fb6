"""What a run was made with: versions, platform, and the commit of the code."""

import platform
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_VERSIONED = (
    "bioner",
    "torch",
    "pytorch-lightning",
    "transformers",
    "tokenizers",
    "hydra-core",
    "omegaconf",
    "torchmetrics",
    "seqeval",
    "wandb",
    "numpy",
)


@dataclass
class Environment:
    """What a run was made with; all is empty where it has not begun.

    Attributes:
        versions: of each library.
        python: its version.
        platform: operating system and processor.
        git_commit: of the code; None where it is not in a repository.
    """

    versions: dict[str, str] = field(default_factory=dict)
    python: str = ""
    platform: str = ""
    git_commit: str | None = None


def environment() -> Environment:
    """Return what this process is made with."""
    from importlib.metadata import version  # costs a reader of records a fifth of its start

    return Environment(
        {name: version(name) for name in _VERSIONED},
        platform.python_version(),
        platform.platform(),
        git_commit(),
    )


def git_commit() -> str | None:
    """Return the commit of the code, or None where it is not in a repository."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
