"""Search jobs and events over Splunk's REST interface, through splunk-sdk: for programs outside Splunk.

    with Splunk.connected(SplunkAccess("splunk.example", token="…")) as splunk:
        for page in splunk.search("search index=web", Span("-24h")):
            …

Uses `search/v2/jobs` (Splunk 9 and later) and asks for JSON. Every failure is a SplunkError in one sentence, without
keys and without the text of the search.
"""

from __future__ import annotations

import io
import json
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Union

from splunklib import binding

from ..errors import InputError, SplunkError
from ..exchange import is_loopback
from ..report.escape import visible

PAGE = 50_000
"""Results asked for at a time: what Splunk hands over at most in one answer (limits.conf, maxresultrows)."""
LARGEST_PAGE = 1 << 30
"""Bytes of one answer."""
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 2.0  # seconds between two looks at a running job

Value = Union[str, int, float]
Page = List[Dict[str, Any]]


@dataclass(frozen=True)
class SplunkAccess:
    """How to reach a search head. TLS certificates are verified unless `verify` is false; http only to this machine."""

    host: str = "localhost"
    port: int = 8089
    token: str = field(default="", repr=False)
    """An authentication token (Settings → Tokens)."""
    session: str = field(default="", repr=False)
    """A session key, in the place of a token."""
    username: str = ""
    password: str = field(default="", repr=False)
    scheme: str = "https"
    verify: bool = True
    ca_bundle: Optional[Path] = None
    """Certificates to trust in the place of the usual ones."""
    app: str = "search"

    def __post_init__(self) -> None:
        """Refuses what would send a key in the clear, and what has no key at all."""
        if self.scheme != "https" and not (self.scheme == "http" and is_loopback(self.host)):
            raise InputError(f"{visible(self.host, 80)}: only https may be used, save for this machine")
        if not (self.token or self.session or (self.username and self.password)):
            raise InputError("Splunk needs a token, a session key, or a user name and password")

    def options(self) -> Dict[str, Any]:
        """As splunk-sdk takes it. Raises InputError for a CA bundle that cannot be read."""
        try:
            context = ssl.create_default_context(cafile=str(self.ca_bundle) if self.ca_bundle else None)
        except (OSError, ssl.SSLError):
            raise InputError(f"{self.ca_bundle}: there is no such CA bundle") from None
        options: Dict[str, Any] = {"host": self.host, "port": self.port, "scheme": self.scheme, "app": self.app}
        options.update(handler=_closing(binding.handler(verify=self.verify, context=context if self.verify else None)))
        if self.token:
            return {**options, "splunkToken": self.token}
        if self.session:
            return {**options, "token": f"Splunk {self.session}"}
        return {**options, "username": self.username, "password": self.password}


class Span(NamedTuple):
    """The time a search covers, as Splunk writes it: `-24h@h`, `2026-11-01T00:00:00`, an epoch number, `now`."""

    earliest: str = "-24h"
    latest: str = "now"


DAY = Span()
"""The last 24 hours."""


class Progress(NamedTuple):
    """How far a running job is."""

    share: float
    """0 to 1."""
    events: int
    results: int


class Job(NamedTuple):
    """A job as Splunk last told of it."""

    sid: str
    done: bool
    failed: bool
    progress: Progress
    problem: str
    """What Splunk says went wrong; empty when nothing did."""


def quoted(value: Value) -> str:
    """A value as one quoted text of SPL: no value can end its quotes, or begin a command."""
    text = str(value)
    if any(ord(char) < 32 and char != "\t" for char in text):
        raise InputError(f"{text[:40]!a} cannot stand in a search: it holds control characters")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def filled(spl: str, values: Mapping[str, Union[Value, Sequence[Value]]]) -> str:
    """A search with `$name$` replaced by quoted values; of a list by all its values, for `IN ($name$)`.

    Raises InputError for a name that the search does not have.
    """
    for name, value in values.items():
        if f"${name}$" not in spl:
            raise InputError(f"the search has no ${name[:40]}$")
        several = [value] if isinstance(value, (str, int, float)) else list(value)
        spl = spl.replace(f"${name}$", ", ".join(quoted(item) for item in several))
    return spl


def whole(spl: str) -> str:
    """The search as the REST interface wants it: beginning with a command."""
    text = spl.strip()
    return text if text.startswith("|") or text.lower().startswith("search ") else f"search {text}"


class Splunk:
    """A logged-in connection to one search head."""

    def __init__(self, context: Any, pause: Callable[[float], None] = time.sleep) -> None:
        self._context = context
        self._pause = pause

    @classmethod
    @contextmanager
    def connected(cls, access: SplunkAccess, pause: Callable[[float], None] = time.sleep) -> Iterator[Splunk]:
        """Logs in, and logs out again where it did with a password. Raises SplunkError."""
        with _told():
            context = binding.connect(**access.options())
        try:
            yield cls(context, pause)
        finally:
            if access.username and not (access.token or access.session):
                context.logout()

    def has_app(self, name: str) -> bool:
        """True when an app is installed there and switched on."""
        try:
            entries = self._get(f"apps/local/{name}")["entry"]
        except SplunkError:
            return False
        return bool(entries) and not entries[0].get("content", {}).get("disabled", False)

    def search(
        self,
        spl: str,
        span: Span = DAY,
        most: int = 1_000_000,
        watch: Callable[[Progress], None] = lambda _: None,
        preview: Optional[Callable[[Page], None]] = None,
    ) -> Iterator[Page]:
        """Runs a search to its end and hands over its results in pages, at most `most` of them.

        `watch` is told of progress, `preview` of results while the search runs. Interrupted, the search is ended early
        and what it has found is handed over. The job is removed afterwards. Raises SplunkError.
        """
        sid = self._start(spl, span, most)
        try:
            job = self._finished(sid, watch, preview)
            yield from self._pages(sid, min(most, job.progress.results))
        finally:
            self._control(sid, "cancel")

    def send(self, events: Sequence[str], index: str, sourcetype: str, source: str = "ipthreat") -> int:
        """Puts events into an index, one request each; returns how many. Raises SplunkError."""
        target = {"index": index, "sourcetype": sourcetype, "source": source}
        for event in events:
            with _told():
                body = event.encode("utf-8", "replace")
                self._context.post("receivers/simple", body=body, **target)
        return len(events)

    def _start(self, spl: str, span: Span, most: int) -> str:
        times = {"earliest_time": span.earliest, "latest_time": span.latest}
        with _told():
            answer = self._context.post(
                "search/v2/jobs", search=whole(spl), output_mode="json", exec_mode="normal", max_count=most, **times
            )
        return str(_json(answer)["sid"])

    def _finished(self, sid: str, watch: Callable[[Progress], None], preview: Optional[Callable[[Page], None]]) -> Job:
        """Waits for the end of a job; an interrupt ends it early, and keeps what there is."""
        wait = _FIRST_WAIT
        while True:
            job = self._job(sid)
            watch(job.progress)
            if job.failed:
                raise SplunkError(f"the search failed: {job.problem or 'Splunk does not say why'}")
            if job.done:
                return job
            try:
                if preview:
                    preview(self._results(sid, "results_preview", 0, PAGE))
                self._pause(wait)
            except KeyboardInterrupt:
                self._control(sid, "finalize")
            wait = min(_LONGEST_WAIT, wait * 1.5)

    def _job(self, sid: str) -> Job:
        content = self._get(f"search/v2/jobs/{sid}")["entry"][0]["content"]
        texts = [str(item.get("text", "")) for item in content.get("messages", ()) if item.get("type") in _PROBLEMS]
        progress = Progress(
            float(content.get("doneProgress", 0)), int(content.get("eventCount", 0)), int(content.get("resultCount", 0))
        )
        told = visible("; ".join(texts), 300)
        return Job(sid, bool(content.get("isDone")), bool(content.get("isFailed")), progress, told)

    def _pages(self, sid: str, count: int) -> Iterator[Page]:
        got = 0
        while got < count:
            page = self._results(sid, "results", got, min(PAGE, count - got))
            if not page:
                raise SplunkError(f"Splunk handed over {got:,} of {count:,} results")
            got += len(page)
            yield page

    def _results(self, sid: str, what: str, offset: int, count: int) -> Page:
        data = self._get(f"search/v2/jobs/{sid}/{what}", offset=offset, count=count)
        names = [item["name"] for item in data.get("fields", ()) if "name" in item]
        return [{name: row.get(name) for name in names or row} for row in data.get("results", ())]

    def _control(self, sid: str, action: str) -> None:
        with _told():
            self._context.post(f"search/v2/jobs/{sid}/control", action=action, output_mode="json")

    def _get(self, path: str, **query: Any) -> Any:
        with _told():
            return _json(self._context.get(path, output_mode="json", **query))


_PROBLEMS = ("ERROR", "FATAL")


def _closing(ask: Callable[..., Dict[str, Any]]) -> Callable[..., Dict[str, Any]]:
    """A handler of splunk-sdk that reads an answer, errors too, and ends its connection: the SDK leaves it open."""

    def asked(url: str, message: Any, **options: Any) -> Dict[str, Any]:
        answer = ask(url, message, **options)
        try:
            content = answer["body"].read(LARGEST_PAGE)
        finally:
            answer["body"].close()
        return {**answer, "body": binding.ResponseReader(io.BytesIO(content))}

    return asked


def _json(answer: Any) -> Any:
    return json.loads(answer.body.read())


@contextmanager
def _told() -> Iterator[None]:
    """Failures of the SDK and of the network as one sentence without keys."""
    try:
        yield
    except binding.AuthenticationError:
        raise SplunkError("Splunk refused the log-in: look at the token, or at the user name and password") from None
    except binding.HTTPError as error:
        why = visible(" ".join(str(error).split()), 200)
        raise SplunkError(f"Splunk refused the request: {why}") from None
    except ssl.SSLCertVerificationError as error:
        raise SplunkError(f"Splunk's certificate cannot be verified ({error.verify_message})") from None
    except (OSError, ssl.SSLError) as error:
        raise SplunkError(f"Splunk cannot be reached ({getattr(error, 'strerror', None) or error})") from None
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise SplunkError("Splunk's answer is not what its search interface gives") from None


__all__ = ["PAGE", "Job", "Page", "Progress", "Span", "Splunk", "SplunkAccess", "filled", "quoted", "whole"]
