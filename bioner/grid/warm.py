"""Starts jobs from a process that has imported everything already: each is a fork of it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from bioner.errors import Stopped, UserError
from bioner.grid.process import Started
from bioner.machine import ends_with_parent, fork_server

# What a run imports, and what its libraries import late.
MODULES = ("bioner.cli", "bioner.train.recorded_run")
