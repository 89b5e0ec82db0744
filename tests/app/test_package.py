"""The packager: the same sources give the same app, with what it needs and no more, and nothing of yours is lost."""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Dict

import pytest
from archives import unpack
from searches import ROOT, SDKS, app, ground, packager
from searches import laid as staged

from ipthreat import __version__
from ipthreat.splunk.conf import read_conf
from ipthreat.splunk.runner import run

SPL = f"ipthreat-{__version__}.spl"
BILL = f"ipthreat-{__version__}.cdx.json"
SCRIPT = ROOT / "splunk_app" / "package.py"
VENDORED = ("splunklib", "requests", "urllib3", "idna", "certifi", "charset_normalizer")


def packing(name: str):
    packager()  # knows where its modules lie
    return importlib.import_module(f"packing.{name}")


def files(folder: Path) -> Dict[str, tuple]:
    """Path below the folder → (contents, mode, whole seconds of the time)."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.stat()
        data = path.read_bytes() if path.is_file() else b""
        found[path.relative_to(folder).as_posix()] = (data, info.st_mode & 0o7777, int(info.st_mtime))
    return found


def command(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    return packager().build(tmp_path_factory.mktemp("dist"))


def members(path: Path):
    with tarfile.open(path) as archive:
        return archive.getmembers()


# --- laid into a folder ---------------------------------------------------------------------------


def test_the_app_is_laid_the_same_each_time(tmp_path):
    umask = os.umask(0o077)
    try:
        packager().stage(tmp_path / "ipthreat")
    finally:
        os.umask(umask)
    assert files(tmp_path / "ipthreat") == files(staged())


def test_modes_are_plain_and_times_follow_contents():
    laid = files(staged())
    assert {mode for data, mode, _ in laid.values() if data} == {0o644}
    assert {mode for name, (_, mode, _) in laid.items() if (staged() / name).is_dir()} == {0o755}
    assert packager().moment(b"a") != packager().moment(b"b")  # else Python may take a stale compiled file


def test_the_app_holds_what_it_needs_and_nothing_else():
    laid = set(files(staged()))
    top = {name.split("/")[0] for name in laid}
    assert {"bin", "default", "lib", "metadata", "README", "static", "appserver", "lookups", "licences"} <= top
    assert {"LICENSE", "NOTICE", "app.manifest", "sbom.cdx.json"} <= laid
    assert {"lib/splunklib/searchcommands/__init__.py", "lib/ipthreat/snapshot/data/ipthreat.snapshot"} <= laid
    unwanted = (
        r"(^|/)(__pycache__|\.|[^/]*\.(egg|dist)-info|(tests|local|packing)/)|\.(pyc|so|pyd|js\.map)$|^package\.py$"
    )
    assert [name for name in laid if re.search(f"{unwanted}|^requirements", name)] == []
    assert not {"lib/ipthreat/testkit", "lib/ipthreat/notebook", "lib/ipthreat/splunk/runner.py"} & laid


def test_a_folder_with_other_things_is_left_as_it_is(tmp_path):
    (tmp_path / "x").write_text("precious", encoding="utf-8")
    done = command("stage", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.strip() == f"package.py: {tmp_path} is not empty and holds no app: it is left as it is."
    assert (tmp_path / "x").read_text(encoding="utf-8") == "precious"


def test_an_earlier_app_is_laid_anew(tmp_path):
    folder = tmp_path / "ipthreat"
    packager().stage(folder)
    (folder / "left.over").write_text("x", encoding="utf-8")
    packager().stage(folder)
    assert not (folder / "left.over").exists()


# --- what is imported is there --------------------------------------------------------------------


def test_what_the_app_imports_is_in_the_app():
    """Every module of the app can be loaded from the app alone, as Splunk's Python does."""
    lib = staged() / "lib"
    modules = [path.relative_to(lib).with_suffix("").as_posix() for path in sorted((lib / "ipthreat").rglob("*.py"))]
    names = [name.replace("/", ".").replace(".__init__", "") for name in modules if not name.endswith("__main__")]
    program = (
        "import importlib, sys; sys.path.insert(0, sys.argv[1]); [importlib.import_module(n) for n in sys.argv[2:]]"
    )
    words = [sys.executable, "-E", "-s", "-S", "-B", "-c", program, str(lib), *names]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_live_mode_finds_all_of_its_packages_in_the_app_without_a_warning():
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import requests, certifi;"
        "from ipthreat.transport import RequestsTransport; RequestsTransport().close();"
        "import os; assert os.path.isfile(certifi.where());"
        "print(*sorted({sys.modules[n].__file__.split(os.sep)[-2] for n in sys.argv[2:]}))"
    )
    lib = staged() / "lib"
    words = [sys.executable, "-E", "-s", "-S", "-B", "-W", "error", "-c", program, str(lib), *VENDORED[1:]]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, sorted(VENDORED[1:])), done.stderr


@pytest.mark.parametrize("sdk", SDKS)
def test_third_party_packages_are_pure_python_without_what_the_app_cannot_run(sdk):
    laid = [name for name in files(staged(sdk)) if name.startswith(tuple(f"lib/{name}/" for name in VENDORED))]
    assert not {"lib/splunklib/results.py", "lib/urllib3/contrib/pyopenssl.py"} & set(laid)
    assert not any("/ai/" in name or "/emscripten/" in name for name in laid)
    others = {name for name in laid if not name.endswith(".py") and not (staged(sdk) / name).is_dir()}
    assert others == {"lib/certifi/cacert.pem"}


@pytest.mark.parametrize("sdk", SDKS)
def test_all_of_the_app_parses_on_the_oldest_python(sdk):
    modules = {name: data for name, (data, _, _) in files(staged(sdk)).items() if name.endswith(".py")}
    trees = [ast.parse(data, name, feature_version=(3, 9)) for name, data in modules.items()]
    assert len(trees) > 100
    assert all(tree.body for tree, name in zip(trees, modules) if name.startswith("bin/"))


# --- pins -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sdk", SDKS)
def test_every_third_party_package_is_pinned_by_its_digest(sdk):
    pins = packager().pins(sdk)
    assert pins[0].name == "splunk-sdk"
    assert pins[0].version == sdk
    assert {packing("vendored").PACKAGES[pin.name].module for pin in pins} == set(VENDORED)
    assert all(re.fullmatch("[0-9a-f]{64}", pin.sha256) for pin in pins)


def test_an_archive_with_another_digest_is_not_taken(tmp_path):
    for pin in packager().pins("2.1.1"):
        path = packager().fetched(pin, ROOT / ".sources")
        (tmp_path / path.name).write_bytes(b"forged")
        assert packager().cached(pin, tmp_path) is None
        assert packager().cached(pin, path.parent) == path


def test_an_archive_without_the_package_in_it_is_refused(tmp_path):
    path = tmp_path / "idna-3.20.tar.gz"
    with tarfile.open(path, "w:gz"):
        pass
    pin = next(pin for pin in packager().pins("2.1.1") if pin.name == "idna")
    with pytest.raises(packager().StagingError, match="lacks the package or its licence"):
        packing("vendored").library(pin, path)


def test_the_notice_credits_every_third_party_package():
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for name, package in packing("vendored").PACKAGES.items():
        assert re.search(rf"^- {name}: .*{package.licence}", notice, re.MULTILINE), name


# --- the archive ----------------------------------------------------------------------------------


def test_the_archive_is_the_same_bytes_each_time(built, tmp_path):
    again = packager().build(tmp_path)
    assert (built.name, again.name) == (SPL, SPL)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(built.read_bytes()).digest()


def test_the_archive_holds_the_app_in_one_folder_of_its_name(built):
    names = {member.name: member for member in members(built)}
    assert {name.split("/")[0] for name in names} == {"ipthreat"}
    inside = {name.partition("/")[2] for name, member in names.items() if member.isfile()}
    assert inside == {name for name in files(staged()) if (staged() / name).is_file()}


def test_the_archive_tells_nothing_of_who_built_it_and_when(built):
    for member in members(built):
        assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
        assert member.mode == (0o755 if member.isdir() else 0o644)
        assert 1_600_000_000 <= member.mtime < 1_600_000_000 + (1 << 24)
        assert member.isdir() or member.isfile()
    assert built.read_bytes()[4:8] == bytes(4)  # the time in gzip's head


def test_a_search_runs_from_the_unpacked_archive(built, tmp_path):
    unpack(built, tmp_path)
    result = run(ground(tmp_path / "ipthreat"), "| ipthreatstatus")
    assert not result.failed
    assert len(result.table.rows) > 5


def test_an_upgrade_leaves_settings_lookups_and_lists_of_yours_as_they_are(built, tmp_path):
    app_folder = tmp_path / "ipthreat"
    yours = ["local/ipthreat.conf", "local/app.conf", "metadata/local.meta", "lookups/ours.csv", "data/lists.snapshot"]
    for name in yours:
        (app_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (app_folder / name).write_text("yours", encoding="utf-8")
    unpack(built, tmp_path)
    assert [(app_folder / name).read_text(encoding="utf-8") for name in yours] == ["yours"] * len(yours)


# --- what goes to the indexers --------------------------------------------------------------------

SPLUNKS_OWN = (
    r"apps/[^/]*/(bin|lookups)/.*",
    r"apps/[^/]*/(default|local)/[^/]*\.conf",
    r"apps/[^/]*/metadata/.*\.meta",
)
"""What Splunk replicates of any app by itself, as far as it matters here."""


def replicates(name: str) -> bool:
    """Whether a file of the app goes to the indexers: Splunk's patterns, where `...` is anything and `*` no slash."""
    rules = read_conf(ROOT, "distsearch")
    patterns = {
        kind: [re.escape(rule).replace(r"\.\.\.", ".*").replace(r"\*", "[^/]*") for rule in rules[kind].values()]
        for kind in ("replicationAllowlist", "replicationDenylist")
    }
    path = f"apps/ipthreat/{name}"
    allowed = any(re.fullmatch(rule, path) for rule in (*SPLUNKS_OWN, *patterns["replicationAllowlist"]))
    return allowed and not any(re.fullmatch(rule, path) for rule in patterns["replicationDenylist"])


def test_indexers_get_the_library_with_its_snapshot_and_the_sdk():
    sent = {name for name in files(staged()) if (staged() / name).is_file() and replicates(name)}
    assert {"lib/ipthreat/snapshot/data/ipthreat.snapshot", "lib/splunklib/searchcommands/__init__.py"} <= sent
    assert {name.split("/")[1] for name in sent if name.startswith("lib/")} == {"ipthreat", "splunklib"}
    assert {name.split("/")[0] for name in sent} == {"bin", "default", "lib", "lookups", "metadata"}
    assert replicates("data/lists.snapshot")


@pytest.mark.parametrize(
    "name",
    [
        "data/feeds/ipsum",
        "data/feeds/ipsum.json",
        "lib/requests/__init__.py",
        "lib/ipthreat/__pycache__/address.cpython-39.pyc",
        "lib/ipthreat/splunk/__pycache__/conf.cpython-313.pyc",
        "bin/__pycache__/x.pyc",
    ],
)
def test_copies_of_feeds_and_what_asks_providers_stay_on_the_search_head(name):
    assert not replicates(name)


# --- the bill of materials ------------------------------------------------------------------------


def test_the_bill_names_every_package_with_version_digest_and_licence(built):
    bill = json.loads((built.parent / BILL).read_text(encoding="utf-8"))
    libraries = {item["name"]: item for item in bill["components"] if item["type"] == "library"}
    for pin in packager().pins("2.1.1"):
        item = libraries.pop(pin.name)
        assert (item["version"], item["purl"]) == (pin.version, f"pkg:pypi/{pin.name}@{pin.version}")
        assert item["hashes"] == [{"alg": "SHA-256", "content": pin.sha256}]
        assert item["licenses"][0]["license"]["id"] == packing("vendored").PACKAGES[pin.name].licence
    assert not libraries


def test_the_bill_names_every_part_of_the_embedded_data(built):
    bill = json.loads((built.parent / BILL).read_text(encoding="utf-8"))
    manifest = json.loads((ROOT / "lib/ipthreat/snapshot/data/manifest.json").read_text(encoding="utf-8"))
    parts = {item["name"]: item for item in bill["components"] if item["type"] == "data"}
    assert set(parts) == {part["part"] for part in manifest["parts"]}
    for part in manifest["parts"]:
        assert list(parts[part["part"]]["licenses"][0]["license"].values()) == [part["licence"]]


def test_the_bill_has_the_shape_that_cyclonedx_asks_for(built):
    bill = json.loads((built.parent / BILL).read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(
        r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", bill["serialNumber"]
    )
    references = [item["bom-ref"] for item in bill["components"]]
    assert len(set(references)) == len(references)
    assert {item["ref"] for item in bill["dependencies"]} == {*references, bill["metadata"]["component"]["bom-ref"]}
    assert bill["metadata"]["component"]["version"] == __version__


def test_the_bill_in_the_app_is_the_one_beside_the_archive(built):
    assert (staged() / "sbom.cdx.json").read_bytes() == (built.parent / BILL).read_bytes()


def test_another_file_in_the_app_is_another_bill():
    contents = packager().contents("2.1.1", ROOT / ".sources")
    del contents["sbom.cdx.json"]
    bill, pins = packing("sbom").bill, packager().pins("2.1.1")
    assert bill(contents, pins) != bill({**contents, "bin/other.py": b""}, pins)


# --- linked into a Splunk -------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path) -> Path:
    (tmp_path / "etc" / "apps").mkdir(parents=True)
    return tmp_path


def test_a_linked_checkout_answers_searches(home):
    linked = packager().link(home)
    assert linked == home / "etc" / "apps" / "ipthreat"
    assert (linked / "lib" / "ipthreat").resolve() == (ROOT / "lib" / "ipthreat").resolve()
    assert not run(ground(linked), "| ipthreatstatus").failed


def test_a_linked_checkout_shows_what_the_built_app_has(home):
    linked = packager().link(home)
    assert {path.name for path in linked.iterdir()} | {"licences", "sbom.cdx.json"} == {
        path.name for path in staged().iterdir()
    }


def test_linking_again_keeps_what_is_yours(home):
    linked = packager().link(home)
    (linked / "local").mkdir()
    (linked / "local" / "ipthreat.conf").write_text("[settings]\n", encoding="utf-8")
    packager().link(home)
    assert (linked / "local" / "ipthreat.conf").is_file()


def test_an_installed_app_is_not_replaced_by_links(home):
    installed = home / "etc" / "apps" / "ipthreat" / "bin"
    installed.mkdir(parents=True)
    done = command("link", str(home))
    assert (done.returncode, done.stderr.strip()) == (
        1,
        f"package.py: {installed} is no link: an app is installed there, and it is left as it is.",
    )
    assert not installed.is_symlink()


def test_a_folder_that_is_no_splunk_is_refused(tmp_path):
    done = command("link", str(tmp_path))
    assert (done.returncode, done.stderr.strip()) == (1, f"package.py: {tmp_path} holds no Splunk: it has no etc/apps.")


# --- icons ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, size",
    [
        ("static/appIcon.png", (36, 36)),
        ("static/appIcon_2x.png", (72, 72)),
        ("static/appIconAlt.png", (36, 36)),
        ("static/appIconAlt_2x.png", (72, 72)),
        ("static/appLogo.png", (160, 40)),
        ("static/appLogo_2x.png", (320, 80)),
        ("appserver/static/ipthreat_report.png", (48, 48)),
    ],
)
def test_an_icon_has_the_size_that_splunk_asks_for(name, size):
    data = (app() / name).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) == size
