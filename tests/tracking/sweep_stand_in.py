"""The part of the W&B server that `wandb sweep` and `wandb agent` ask, for one sweep."""

import json
from typing import Any

import yaml

from tests.tracking.stand_in import StandIn

SWEEP = "abc"


class SweepStandIn(StandIn):
    """Takes one sweep, and hands out the runs that it was made with.

    Attributes:
        config: of the sweep, as `wandb sweep` sent it.
        waiting: the parameters of each run that no agent has yet, by the run's id.
    """

    def __init__(self, runs: dict[str, dict[str, Any]]) -> None:
        super().__init__()
        self.config: dict[str, Any] = {}
        self.waiting = runs

    def _on_UpsertSweep(self, given: dict[str, Any]) -> dict[str, Any]:
        self.config = yaml.safe_load(given["config"])
        sweep = {"name": SWEEP, "project": self._project(given["projectName"])}
        return {"upsertSweep": {"sweep": sweep, "configValidationWarnings": []}}

    def _on_SweepWithRuns(self, given: dict[str, Any]) -> dict[str, Any]:
        sweep = {
            "id": SWEEP,
            "name": SWEEP,
            "method": self.config["method"],
            "state": "RUNNING",
            "config": yaml.safe_dump(self.config),
            "runs": {"edges": []},
        }
        return {"project": {"sweep": sweep}}

    def _on_CreateAgent(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"createAgent": {"agent": {"id": "agent"}}}

    def _on_Heartbeat(self, given: dict[str, Any]) -> dict[str, Any]:
        commands = []
        if not json.loads(given["runState"]) and self.waiting:
            name = next(iter(self.waiting))
            values = {key: {"value": one} for key, one in self.waiting.pop(name).items()}
            about = {"run_id": name, "program": self.config["program"], "args": values}
            commands.append({"type": "run", "logs": [], **about})
        return {"agentHeartbeat": {"commands": json.dumps(commands), "agent": {"id": "agent"}}}
