"""A stand-in for the W&B server on loopback: what the client's requests need, kept in memory.

It answers the GraphQL operations, the file stream and the uploads that wandb 0.31 really sends for
our runs, `wandb sync` and `wandb.Api`. An operation that it does not know is noted in `unknown`.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import unquote, urlsplit

ENTITY = "lab"
_COUNTS = {"wandb-history.jsonl": "history", "wandb-events.jsonl": "events"}


@dataclass
class KeptRun:
    """What the server knows of a run."""

    name: str
    project: str
    about: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    state: str = "running"


@dataclass
class KeptArtifact:
    """What the server knows of an artifact version."""

    about: dict[str, Any]
    entries: dict[str, Any] = field(default_factory=dict)
    state: str = "PENDING"


class StandIn:
    """The server's state, and the faults that a test asks for.

    Attributes:
        delay: seconds that every answer waits.
        fails: HTTP status of every answer instead of 200, or None.
        dead: connections are closed without an answer.
    """

    def __init__(self) -> None:
        self.runs: dict[str, KeptRun] = {}
        self.artifacts: dict[str, KeptArtifact] = {}
        self.used: list[tuple[str, str]] = []
        self.blobs: dict[str, bytes] = {}
        self.unknown: list[str] = []
        self.seen: list[str] = []
        self.delay, self.fails, self.dead = 0.0, None, False
        self.url = ""
        self.closing = Event()
        self._lock = Lock()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer to a request."""
        with self._lock:
            if path == "/graphql":
                return self._graphql(json.loads(body))
            if path.endswith("/file_stream"):
                return 200, json.dumps(self._stream(path.split("/")[-2], json.loads(body))).encode()
            if path.startswith("/blob/"):
                return self._blob(method, unquote(path.removeprefix("/blob/")), body)
            if path.startswith("/sdk/otel/"):  # the client's own telemetry
                return 200, b""
            self.unknown.append(f"{method} {path}")
            return 404, b""

    def _blob(self, method: str, name: str, body: bytes) -> tuple[int, bytes]:
        if method == "PUT":
            self.blobs[name] = body
            run, _, file = name.removeprefix("run/").partition("/")
            if name.startswith("run/"):
                self.runs[run].files[file] = body
            return 200, b""
        return (200, self.blobs[name]) if name in self.blobs else (404, b"")

    def _stream(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        run = self.runs[name]
        for file, part in body.get("files", {}).items():
            lines, offset = part["content"], part["offset"]
            if file in _COUNTS:
                kept = getattr(run, _COUNTS[file])
                kept[offset:] = [json.loads(line) for line in lines]
            elif file == "wandb-summary.json":
                run.summary = json.loads(lines[-1])
        if body.get("complete"):
            run.state = "finished" if body.get("exitcode") == 0 else "failed"
        return {"limits": {}}

    def _graphql(self, request: dict[str, Any]) -> tuple[int, bytes]:
        operation = request.get("operationName") or "".join(
            re.findall(r"(?:query|mutation)\s+(\w+)", request["query"])[:1]
        )
        self.seen.append(operation)
        handler = getattr(self, f"_on_{operation}", None)
        if handler is None:
            self.unknown.append(operation + request["query"])
            return 400, json.dumps({"errors": [{"message": f"unknown {operation}"}]}).encode()
        data = handler(request.get("variables") or {})
        return 200, json.dumps({"data": data}).encode()

    # Who is asking, and what the server can do.

    def _on_Viewer(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "viewer": {
                "id": "u",
                "entity": ENTITY,
                "username": "me",
                "email": "me@lab",
                "flags": "{}",
                "teams": {"edges": []},
            }
        }

    def _on_ServerFeaturesQuery(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"serverInfo": {"features": []}}

    def _on_OrganizationCoreWeaveOrganizationID(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"entity": {"organization": {"coreWeaveOrganizationId": ""}}}

    def _on_XXHashDigestsEnabled(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"entity": {"xxhashDigestsEnabled": False}}

    def _on_FetchArtifactDigestAlgorithm(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"project": None}

    # Runs.

    def _project(self, name: str) -> dict[str, Any]:
        return {"id": f"p-{name}", "name": name, "entity": {"id": "e", "name": ENTITY}}

    def _on_UpsertBucket(self, given: dict[str, Any]) -> dict[str, Any]:
        new = given["name"] not in self.runs
        run = self.runs.setdefault(given["name"], KeptRun(given["name"], given["project"] or ""))
        keys = ("displayName", "groupName", "jobType", "tags", "notes")
        run.about |= {key: given[key] for key in keys if given[key] is not None}
        if given["config"]:
            run.config = json.loads(given["config"])
        if given["summaryMetrics"]:
            run.summary = json.loads(given["summaryMetrics"])
        bucket = {
            "id": f"id-{run.name}",
            "name": run.name,
            "displayName": run.about.get("displayName") or run.name,
            "description": "",
            "config": json.dumps(run.config),
            "sweepName": None,
            "project": self._project(run.project),
            "historyLineCount": len(run.history),
        }
        return {"upsertBucket": {"bucket": bucket, "inserted": new}}

    def _on_CreateRunFiles(self, given: dict[str, Any]) -> dict[str, Any]:
        files = [
            {"name": n, "uploadUrl": f"{self.url}/blob/run/{given['run']}/{n}"}
            for n in given["files"]
        ]
        return {"createRunFiles": {"runID": given["run"], "uploadHeaders": [], "files": files}}

    def _on_MarkRunFilesUploaded(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"markRunFilesUploaded": {"success": True}}

    def _on_RunResumeStatus(self, given: dict[str, Any]) -> dict[str, Any]:
        run = self.runs.get(given["name"])
        if run is None:
            return {"model": self._project(given["project"]) | {"bucket": None}}
        tails = {
            f"{name}Tail": json.dumps([json.dumps(x) for x in kept[-1:]])
            for name, kept in (("history", run.history), ("events", run.events))
        }
        bucket = {
            "id": f"id-{run.name}",
            "name": run.name,
            "displayName": run.name,
            "tags": [],
            "summaryMetrics": json.dumps(run.summary),
            "config": json.dumps(run.config),
            "logLineCount": 0,
            "historyLineCount": len(run.history),
            "notes": "",
            "eventsLineCount": len(run.events),
            "wandbConfig": "{}",
        } | tails
        return {"model": self._project(run.project) | {"bucket": bucket}}

    # Artifacts.

    def _on_ArtifactType(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"project": {"artifact": None}}

    def _on_CreateArtifact(self, given: dict[str, Any]) -> dict[str, Any]:
        about = given["input"]
        key = f"{about['artifactCollectionName']}:{about['digest']}"
        kept = self.artifacts.setdefault(key, KeptArtifact(about))
        sequence = {"latestArtifact": None}
        made = {"id": key, "state": kept.state, "artifactSequence": sequence}
        return {"createArtifact": {"artifact": made}}

    def _on_UseArtifact(self, given: dict[str, Any]) -> dict[str, Any]:
        about = given["input"]
        self.used.append((about["runName"], about["artifactID"]))
        return {"useArtifact": {"artifact": {"id": about["artifactID"]}}}

    def _manifest(self, key: str) -> dict[str, Any]:
        upload = f"{self.url}/blob/manifest/{key}"
        return {
            "artifactManifest": {
                "id": key,
                "file": {"id": key, "uploadUrl": upload, "uploadHeaders": []},
            }
        }

    def _on_CreateArtifactManifest(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"createArtifactManifest": self._manifest(given["artifactID"])}

    def _on_UpdateArtifactManifest(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"updateArtifactManifest": self._manifest(given["artifactManifestID"])}

    def _on_CreateArtifactFiles(self, given: dict[str, Any]) -> dict[str, Any]:
        nodes = []
        for file in given["input"]["artifactFiles"]:
            place = f"{file['artifactID']}/{file['name']}"
            nodes.append(
                {
                    "node": {
                        "storagePath": place,
                        "uploadUrl": f"{self.url}/blob/{place}",
                        "uploadHeaders": [],
                        "uploadMultipartUrls": None,
                        "artifact": {"id": file["artifactID"]},
                    }
                }
            )
        return {"createArtifactFiles": {"files": {"edges": nodes}}}

    def _on_CommitArtifact(self, given: dict[str, Any]) -> dict[str, Any]:
        kept = self.artifacts[given["artifactID"]]
        kept.state = "COMMITTED"
        digest = kept.about["digest"]
        return {"commitArtifact": {"artifact": {"id": given["artifactID"], "digest": digest}}}

    # What `wandb.Api` reads.

    def _node(self, run: KeptRun) -> dict[str, Any]:
        return {
            "id": f"id-{run.name}",
            "projectId": "1",
            "tags": run.about.get("tags", []),
            "name": run.name,
            "displayName": run.about.get("displayName"),
            "sweepName": None,
            "state": run.state,
            "group": run.about.get("groupName"),
            "jobType": run.about.get("jobType"),
            "commit": None,
            "readOnly": False,
            "createdAt": "2026-01-01T00:00:00",
            "heartbeatAt": "2026-01-01T00:00:00",
            "description": "",
            "notes": "",
            "historyLineCount": len(run.history),
            "user": {"name": "me", "username": "me"},
            "config": json.dumps(run.config),
            "summaryMetrics": json.dumps(run.summary),
            "systemMetrics": "{}",
            "historyKeys": None,
        }

    def _on_GetDefaultEntity(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"viewer": {"id": "u", "entity": ENTITY}}

    def _on_Runs(self, given: dict[str, Any]) -> dict[str, Any]:
        group = json.loads(given.get("filters") or "{}").get("group")
        found = [
            run
            for run in self.runs.values()
            if run.project == given["project"] and group in (None, run.about.get("groupName"))
        ]
        if not any(run.project == given["project"] for run in self.runs.values()):
            return {"project": None}
        edges = [{"node": self._node(run), "cursor": run.name} for run in found]
        return {
            "project": {
                "internalId": "1",
                "runCount": len(found),
                "readOnly": False,
                "runs": {"edges": edges, "pageInfo": {"endCursor": None, "hasNextPage": False}},
            }
        }

    def _on_Run(self, given: dict[str, Any]) -> dict[str, Any]:
        run = self.runs.get(given["name"])
        return {"project": {"internalId": "1", "run": run and self._node(run)}}

    def _on_RunFiles(self, given: dict[str, Any]) -> dict[str, Any]:
        files = self.runs[given["name"]].files
        wanted = [name for name in given.get("fileNames") or files if name in files]
        edges = [
            {
                "cursor": n,
                "node": {
                    "id": n,
                    "name": n,
                    "url": f"{self.url}/blob/run/{given['name']}/{n}",
                    "directUrl": f"{self.url}/blob/run/{given['name']}/{n}",
                    "sizeBytes": len(files[n]),
                    "mimetype": "application/json",
                    "updatedAt": None,
                    "md5": base64.b64encode(hashlib.md5(files[n]).digest()).decode(),
                },
            }
            for n in wanted
        ]
        return {
            "project": {
                "internalId": "1",
                "run": {
                    "fileCount": len(files),
                    "files": {
                        "edges": edges,
                        "pageInfo": {"endCursor": None, "hasNextPage": False},
                    },
                },
            }
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand_in: StandIn

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _handle(self) -> None:
        server = self.stand_in
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if server.delay:
            server.closing.wait(server.delay)
        if server.dead:
            self.close_connection = True
            return
        status, text = (
            (server.fails, b"{}")
            if server.fails
            else server.answer(self.command, urlsplit(self.path).path, body)
        )
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        with suppress(BrokenPipeError):  # the client waits no longer
            self.wfile.write(text)

    do_GET = do_POST = do_PUT = _handle


@contextmanager
def stand_in(state: StandIn | None = None) -> Iterator[StandIn]:
    """Serve on a free port of loopback until the block ends."""
    state = state or StandIn()
    handler = type("Handler", (_Handler,), {"stand_in": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
