"""The stand-in for splunkd, held against both major versions of Splunk's own client library."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from searches import SDKS, laid

from ipthreat.testkit.splunkd import Splunkd
from ipthreat.testkit.splunkd_kv import MOST_QUERIES, MOST_SAVED, Collection, Refused

# What the SDK's client does with the stand-in; run apart, as one process can hold one version of the SDK only.
PROGRAM = """
import json, sys, types
sys.path.insert(0, sys.argv[1])
from splunklib import binding
if "importlib" in vars(binding):
    binding.importlib = types.SimpleNamespace(metadata=types.SimpleNamespace(version=lambda name: "x"))
from splunklib import client
told = {}
place = dict(host="127.0.0.1", port=int(sys.argv[2]), scheme="http", app="ipthreat", owner="nobody")
service = client.connect(username="admin", password="changed", **place)
told["version"] = service.info["version"]
service.storage_passwords.create("s3cret", "virustotal", "ipthreat")
told["passwords"] = [(item.realm, item.username, item.clear_password) for item in service.storage_passwords.list()]
service.storage_passwords.delete("virustotal", "ipthreat")
told["after"] = len(service.storage_passwords.list())
service.kvstore.create("things")
data = service.kvstore["things"].data
told["saved"] = data.batch_save({"_key": "a", "n": 1}, {"_key": "b", "n": 2})
told["found"] = [item["_key"] for item in data.query(query=json.dumps({"n": {"$gt": 1}}))]
told["batch"] = [[item["n"] for item in group] for group in data.batch_find({"query": {"_key": "a"}}, {"query": {}})]
told["one"] = data.query_by_id("b")["n"]
data.update("b", json.dumps({"n": 5}))
data.delete(json.dumps({"_key": "a"}))
told["left"] = [item["n"] for item in data.query(sort="n:-1")]
service.confs["ipthreat"].create("live", budget="7")
told["budget"] = service.confs["ipthreat"]["live"]["budget"]
service.messages.create("note", value="hello", severity="info")
job = service.jobs.create("search index=web")
while not job.is_done():
    pass
told["results"] = json.loads(job.results(output_mode="json").read())["results"]
told["oneshot"] = json.loads(service.jobs.oneshot("search x", output_mode="json").read())["fields"]
service.post("receivers/simple", index="summary", sourcetype="x", body="an event")
try:
    client.connect(username="admin", password="wrong", **place)
except binding.AuthenticationError:
    told["refused"] = True
print(json.dumps(told))
"""


@pytest.mark.parametrize("sdk", SDKS)
def test_splunks_own_client_finds_what_it_expects(sdk):
    with Splunkd() as splunkd:
        splunkd.state.confs["ipthreat"] = {}
        splunkd.state.results = [{"src_ip": "198.51.100.7", "tags": ["a", "b"]}]
        words = [sys.executable, "-I", "-c", PROGRAM, str(laid(sdk) / "lib"), str(splunkd.port)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == {
            "version": "9.4.1",
            "passwords": [["ipthreat", "virustotal", "s3cret"]],
            "after": 0,
            "saved": ["a", "b"],
            "found": ["b"],
            "batch": [[1], [1, 2]],
            "one": 2,
            "left": [5],
            "budget": "7",
            "results": [{"src_ip": "198.51.100.7", "tags": ["a", "b"]}],
            "oneshot": [{"name": "src_ip"}, {"name": "tags"}],
            "refused": True,
        }
        assert splunkd.state.messages == {"note": {"message": "hello", "severity": "info"}}
        assert [event.text for event in splunkd.state.indexes["summary"]] == ["an event"]


def test_the_kv_store_keeps_its_documented_limits():
    collection = Collection()
    with pytest.raises(Refused, match="1001 documents"):
        collection.batch_save([{}] * (MOST_SAVED + 1), 0)
    with pytest.raises(Refused, match="1001 queries"):
        collection.batch_find([{}] * (MOST_QUERIES + 1))
    with pytest.raises(Refused, match="50 MB"):
        collection.batch_save([{}], 51 * 2**20)
    assert len(collection.batch_save([{"_key": str(number)} for number in range(MOST_SAVED)], 10)) == MOST_SAVED


@pytest.mark.parametrize(
    "query, keys",
    [
        ({"n": 1}, ["a"]),
        ({"n": {"$gte": 2}}, ["b", "c"]),
        ({"n": {"$gt": 1, "$lt": 3}}, ["b"]),
        ({"$or": [{"_key": "a"}, {"_key": "c"}]}, ["a", "c"]),
        ({"$and": [{"n": {"$ne": 1}}, {"$not": {"n": 3}}]}, ["b"]),
        ({"name": {"$regex": "^x"}}, ["c"]),
        ({"absent": {"$gt": 1}}, []),
    ],
)
def test_queries_find_what_their_operators_say(query, keys):
    collection = Collection()
    collection.batch_save([{"_key": "a", "n": 1}, {"_key": "b", "n": 2}, {"_key": "c", "n": 3, "name": "xy"}], 0)
    assert [item["_key"] for item in collection.find(query)] == keys


def test_an_operator_that_the_store_has_not_is_refused():
    collection = Collection({"a": {"_key": "a", "n": 1}})
    with pytest.raises(Refused, match=r"\$in"):
        collection.find({"n": {"$in": [1]}})


def test_a_handler_gets_what_splunkd_hands_to_persistent_ones():
    from splunkds import Splunkd as _  # noqa: F401  # puts the SDK on the path

    from ipthreat.splunk.splunkd import Splunkd as Connection

    seen = []

    def handler(text):
        seen.append(json.loads(text))
        return {"status": 201, "payload": {"fine": True}}

    with Splunkd() as splunkd:
        splunkd.mount("ipthreat/x", handler, {"post": "ipthreat_lookup"})
        key = splunkd.state.log_in("analyst")
        answer = Connection(splunkd.url, key).post_json("ipthreat/x", {"a": 1})
        assert (answer.status, answer.json()) == (201, {"fine": True})
        request = seen[0]
        assert (request["method"], request["rest_path"], request["payload"]) == ("POST", "/ipthreat/x", '{"a": 1}')
        assert request["session"] == {"user": "analyst", "authtoken": key}
        assert splunkd.state.tokens[request["system_authtoken"]] == "splunk-system-user"
        assert Connection(splunkd.url, splunkd.state.log_in("visitor")).post_json("ipthreat/x", {}).status == 403
        assert Connection(splunkd.url, "nonsense").post_json("ipthreat/x", {}).status == 401


def test_users_may_neither_read_secrets_nor_write_collections():
    from splunkds import Splunkd as _  # noqa: F401  # puts the SDK on the path

    from ipthreat.splunk.splunkd import Splunkd as Connection

    with Splunkd() as splunkd:
        splunkd.state.collection("ipthreat_evidence")
        analyst = Connection(splunkd.url, splunkd.state.log_in("analyst"))
        assert analyst.get("storage/passwords").status == 403
        assert analyst.post_json("storage/collections/data/ipthreat_evidence/batch_save", [{}]).status == 403
        assert analyst.post("configs/conf-ipthreat", {"name": "live"}).status == 403
        assert analyst.post_text("receivers/simple", "x", index="main").status == 403
