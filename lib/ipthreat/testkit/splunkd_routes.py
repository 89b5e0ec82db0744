"""What the stand-in answers, path by path. Each function gets a Call and returns status and body."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple
from urllib.parse import parse_qsl

from .server import Asked
from .splunkd_atom import Entity, feed, lone, messages
from .splunkd_kv import Refused
from .splunkd_state import Indexed, State, User

Answer = Tuple[int, bytes]


@dataclass(frozen=True)
class Call:
    """One request, taken apart."""

    state: State
    asked: Asked
    user: User
    groups: Mapping[str, Optional[str]]
    """The named parts of the path."""
    query: Mapping[str, str]
    form: Mapping[str, str]

    @property
    def method(self) -> str:
        """GET, POST, DELETE."""
        return self.asked.method

    @property
    def as_json(self) -> bool:
        """True when JSON is wanted."""
        return {**self.query, **self.form}.get("output_mode") == "json"

    def part(self, name: str) -> str:
        """A part of the path; empty when it is not there."""
        return self.groups.get(name) or ""

    def body(self) -> Any:
        """The body as JSON. Raises Refused."""
        try:
            return json.loads(self.asked.body or b"null")
        except ValueError:
            raise Refused(400, "the body is no JSON") from None

    def need(self, capability: str) -> None:
        """Raises Refused when the user has not got a capability."""
        if capability not in self.user.capabilities:
            raise Refused(403, f"insufficient permission to access this resource (requires {capability})")


def call_of(state: State, asked: Asked, user: User, groups: Mapping[str, Optional[str]]) -> Call:
    """The call that a request is."""
    query = dict(parse_qsl(asked.query, keep_blank_values=True))
    plain = "json" not in asked.header("Content-Type")
    form = dict(parse_qsl(asked.body.decode("utf-8", "replace"), keep_blank_values=True)) if plain else {}
    return Call(state, asked, user, groups, query, form)


def server_info(call: Call) -> Answer:
    """Version and roles."""
    content = {"version": call.state.version, "server_roles": ["search_head", "kv_store"], "guid": "stand-in"}
    return 200, feed([Entity("server-info", "server/info", content)], call.as_json)


def context(call: Call) -> Answer:
    """Who asks, and what he may do."""
    content = {"username": call.user.name, "capabilities": sorted(call.user.capabilities), "roles": [call.user.name]}
    return 200, feed([Entity("context", "authentication/current-context", content)], call.as_json)


def passwords(call: Call) -> Answer:
    """All secrets, or a new one."""
    call.need("list_storage_passwords")
    kept = call.state.passwords
    if call.method == "GET":
        return 200, feed([_password(realm, name, secret) for (realm, name), secret in kept.items()], call.as_json)
    call.need("admin_all_objects")
    key = (call.form.get("realm", ""), call.form["name"])
    if key in kept:
        raise Refused(409, "an object with that name already exists")
    kept[key] = call.form["password"]
    return 201, feed([_password(*key, kept[key])], call.as_json)


def password(call: Call) -> Answer:
    """One secret, named `realm:name:`."""
    call.need("list_storage_passwords")
    realm, _, rest = call.part("name").partition(":")
    key = (realm, rest.rstrip(":"))
    if key not in call.state.passwords:
        raise Refused(404, f"Could not find object id={call.part('name')}")
    if call.method == "DELETE":
        del call.state.passwords[key]
        return 200, feed([], call.as_json)
    if call.method == "POST":
        call.need("admin_all_objects")
        call.state.passwords[key] = call.form["password"]
    return 200, feed([_password(*key, call.state.passwords[key])], call.as_json)


def _password(realm: str, name: str, secret: str) -> Entity:
    content = {"clear_password": secret, "encr_password": "$7$x", "realm": realm, "username": name}
    return Entity(f"{realm}:{name}:", "storage/passwords", content)


def collections(call: Call) -> Answer:
    """The collections there are, one of them, or a new one."""
    if call.method == "POST":
        call.need("admin_all_objects")
        call.state.collection(call.part("name") or call.form["name"])
    names = [call.part("name")] if call.part("name") else list(call.state.collections)
    if call.method == "GET" and not all(name in call.state.collections for name in names):
        raise Refused(404, f"there is no collection {names[0]}")
    status = 201 if call.method == "POST" else 200
    return status, feed([Entity(name, "storage/collections/config", {}) for name in names], call.as_json)


def documents(call: Call) -> Answer:
    """The documents of a collection. Only who may write the app's objects may write here."""
    if call.state.kv_status != 200:
        raise Refused(call.state.kv_status, "KV Store initialization failed. Please contact your system administrator.")
    collection = call.state.collections.get(call.part("name"))
    if collection is None:
        raise Refused(404, f"Collection {call.part('name')} does not exist")
    if call.method != "GET" and call.part("rest") != "batch_find":
        call.need("admin_all_objects")
    if call.part("rest") == "batch_save":
        return 200, _json(collection.batch_save(call.body(), len(call.asked.body)))
    if call.part("rest") == "batch_find":
        return 200, _json(collection.batch_find(call.body()))
    return _of_key(call, collection) if call.part("rest") else _of_query(call, collection)


def _of_query(call: Call, collection: Any) -> Answer:
    if call.method == "POST":
        return 201, _json({"_key": collection.insert(call.body())})
    query = json.loads(call.query.get("query") or "{}")
    if call.method == "DELETE":
        collection.delete(query)
        return 200, b""
    page = {name: int(call.query[name]) for name in ("limit", "skip") if name in call.query}
    texts = {name: call.query[name] for name in ("sort", "fields") if name in call.query}
    return 200, _json(collection.find(query, **page, **texts))


def _of_key(call: Call, collection: Any) -> Answer:
    key = call.part("rest")
    if key not in collection.documents:
        raise Refused(404, "Could not find object.")
    if call.method == "DELETE":
        del collection.documents[key]
        return 200, b""
    if call.method == "POST":
        return 200, _json({"_key": collection.replace(key, call.body())})
    return 200, _json(collection.documents[key])


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def confs(call: Call) -> Answer:
    """The stanzas of a file of settings; writing needs an administrator."""
    stanzas = call.state.confs.setdefault(call.part("file"), {})
    name = call.part("stanza")
    if call.method == "GET" and name and name not in stanzas:
        raise Refused(404, f"{name} does not exist")
    if call.method == "POST":
        call.need("admin_all_objects")
        pairs = {key: value for key, value in call.form.items() if key not in ("name", "output_mode")}
        if not name and call.form["name"] in stanzas:
            raise Refused(409, "an object with that name already exists")
        if name and name not in stanzas:
            raise Refused(404, f"{name} does not exist")
        name = name or call.form["name"]
        stanzas.setdefault(name, {}).update(pairs)
    if call.method == "DELETE":
        call.need("admin_all_objects")
        stanzas.pop(name, None)
        return 200, feed([], call.as_json)
    where = f"configs/conf-{call.part('file')}"
    return 200, feed([Entity(key, where, stanzas[key]) for key in ([name] if name else stanzas)], call.as_json)


def properties(call: Call) -> Answer:
    """What `service.confs[file]` asks first: whether the file is there."""
    names = call.state.confs if not call.part("file") else call.state.confs.get(call.part("file"))
    if names is None:
        raise Refused(404, f"{call.part('file')} does not exist")
    return 200, feed([Entity(name, "properties", {}) for name in names], call.as_json)


def local_app(call: Call) -> Answer:
    """The app itself; whoever may write the app's objects may say that it is set up."""
    if call.method == "POST":
        call.need("admin_all_objects")
        call.state.configured = call.form.get("configured") in ("1", "true")
    return 200, feed([Entity("ipthreat", "apps/local", {"configured": call.state.configured})], call.as_json)


def bulletins(call: Call) -> Answer:
    """Messages that all users see."""
    kept = call.state.messages
    if call.method == "POST":
        kept[call.form["name"]] = {"message": call.form["value"], "severity": call.form.get("severity", "info")}
    if call.method == "DELETE":
        kept.pop(call.part("name"), None)
    found = [Entity(name, "messages", content) for name, content in kept.items()]
    return 201 if call.method == "POST" else 200, feed(found, call.as_json)


def new_job(call: Call) -> Answer:
    """Starts a search, which has found `State.results` at once; `exec_mode=oneshot` answers with them."""
    if call.form.get("exec_mode") == "oneshot":
        return 200, _results(call.state.results)
    sid = f"1790000000.{len(call.state.jobs) + 1}"
    call.state.jobs[sid] = list(call.state.results)
    return 201, f"<response><sid>{sid}</sid></response>".encode()


def job(call: Call) -> Answer:
    """How a search stands, or its results."""
    sid = call.part("sid")
    if sid not in call.state.jobs:
        raise Refused(404, "Unknown sid.")
    found = call.state.jobs[sid]
    if call.part("what") == "results":
        options = {**call.query, **call.form}
        offset, count = int(options.get("offset", 0)), int(options.get("count", 100)) or len(found)
        return 200, _results(found[offset : offset + count])
    state = {"dispatchState": "DONE", "isDone": 1, "isFailed": 0, "doneProgress": 1, "resultCount": len(found)}
    return 200, lone(Entity(sid, "search/jobs", {**state, "sid": sid}))


def _results(rows: List[Dict[str, Any]]) -> bytes:
    names = [{"name": name} for name in dict.fromkeys(name for row in rows for name in row)]
    return _json({"preview": False, "init_offset": 0, "messages": [], "fields": names, "results": rows})


def receive(call: Call) -> Answer:
    """Writes one event to an index; needs the right to do so, which the system has."""
    call.need("admin_all_objects")
    index = call.query.get("index", "main")
    if index not in call.state.indexes:
        raise Refused(400, f"supplied index '{index}' missing")
    labels = [call.query.get(name, "") for name in ("sourcetype", "source", "host")]
    event = Indexed(index, labels[0], labels[1], labels[2], call.asked.body.decode("utf-8", "replace"))
    call.state.indexes[index].append(event)
    return 200, feed([], call.as_json)


def refused(call_json: bool, error: Refused) -> Answer:
    """An error as splunkd tells it."""
    return error.status, messages("ERROR", str(error), call_json)


ROUTES: Tuple[Tuple[re.Pattern[str], Callable[[Call], Answer]], ...] = tuple(
    (re.compile(pattern), function)
    for pattern, function in (
        (r"server/info(?:/server-info)?", server_info),
        (r"authentication/current-context(?:/context)?", context),
        (r"storage/passwords", passwords),
        (r"storage/passwords/(?P<name>.+)", password),
        (r"storage/collections/config(?:/(?P<name>[^/]+))?", collections),
        (r"storage/collections/data/(?P<name>[^/]+)(?:/(?P<rest>.+))?", documents),
        (r"configs/conf-(?P<file>\w+)(?:/(?P<stanza>.+))?", confs),
        (r"properties(?:/(?P<file>\w+))?", properties),
        (r"messages(?:/(?P<name>.+))?", bulletins),
        (r"apps/local/ipthreat", local_app),
        (r"search/(?:v2/)?jobs", new_job),
        (r"search/(?:v2/)?jobs/(?P<sid>[^/]+)(?:/(?P<what>\w+))?", job),
        (r"receivers/simple", receive),
    )
)
