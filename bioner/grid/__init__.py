"""Grids of runs: composed first, a process a job, safe to stop and to start again."""
