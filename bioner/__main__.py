"""`python -m bioner VERB` is the same as `bioner VERB`."""

import sys

from bioner.cli import main

if __name__ == "__main__":
    sys.exit(main())
