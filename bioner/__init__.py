"""bioner: transfer and multi-task experiments for biomedical named entity recognition."""

from importlib.metadata import version

__version__ = version("bioner")
