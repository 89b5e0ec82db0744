"""Processes that run an app's persistent REST handler, as splunkd keeps them: the real script, several copies of it.

    with HandlerHost(app, "ipthreat_rest_handler_command.py", "RestHandler", copies=3) as host:
        splunkd.mount("/ipthreat/status", host, {"get": "ipthreat_lookup"})

A copy that died is started anew for the next request, which gets its answer all the same; the request during which it
died is answered with 500, as splunkd does.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Mapping, Optional, Type

# Gives the script the base class that only splunkd's Python has, then answers a line of JSON with a line of JSON.
_LOOP = """
import importlib.util, json, sys, types
answers, sys.stdout = sys.stdout, sys.stderr
for name in ("splunk", "splunk.persistconn", "splunk.persistconn.application"):
    sys.modules[name] = types.ModuleType(name)
class Base:
    def __init__(self):
        pass
sys.modules["splunk.persistconn.application"].PersistentServerConnectionApplication = Base
path, name = sys.argv[1:3]
spec = importlib.util.spec_from_file_location("handler", path)
module = importlib.util.module_from_spec(spec)
sys.argv = [path]
spec.loader.exec_module(module)
handler = getattr(module, name)("", "")
for line in sys.stdin:
    answers.write(json.dumps(handler.handle(json.loads(line))) + chr(10))
    answers.flush()
"""


class HandlerHost:
    """Calls a handler in one of its processes."""

    def __init__(
        self,
        app: Path,
        script: str,
        name: str,
        *,
        copies: int = 1,
        python: str = sys.executable,
        environment: Optional[Mapping[str, str]] = None,
    ) -> None:
        """`app` is a folder with all that the script needs: nothing else is on its path."""
        self._words = [python, "-E", "-s", "-S", "-B", "-c", _LOOP, str(app / "bin" / script), name]
        self._environment: Dict[str, str] = dict(environment or {})
        self._idle: queue.Queue[subprocess.Popen[str]] = queue.Queue()
        self.processes: List[subprocess.Popen[str]] = []
        """The copies, the dead ones among them."""
        self._copies = copies

    def __enter__(self) -> HandlerHost:
        for _ in range(self._copies):
            self._idle.put(self._start())
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()

    def __call__(self, request: str) -> Mapping[str, Any]:
        """The handler's reply; 500 when its process dies over it."""
        process = self._idle.get()
        if process.poll() is not None:
            process = self._start()
        try:
            reply = self._exchange(process, request)
        finally:
            self._idle.put(process)
        return reply or {"status": 500, "payload": json.dumps({"error": "the handler's process ended"})}

    def _exchange(self, process: subprocess.Popen[str], request: str) -> Dict[str, Any]:
        assert process.stdin is not None  # noqa: S101 - told to the type checker
        assert process.stdout is not None  # noqa: S101 - the same
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except OSError:
            return {}
        line = process.stdout.readline()
        return dict(json.loads(line)) if line.endswith("\n") else {}

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(  # noqa: S603 - the words are ours, no shell
            self._words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
            cwd="/",
            text=True,
            encoding="utf-8",
        )
        self.processes.append(process)
        return process
