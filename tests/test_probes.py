"""Paths that scanners ask for, and paths that everybody asks for in vain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.probes import PAGES, TELLING, Probe, is_often_missing, path_of, probe_in


@pytest.mark.parametrize(
    ("request_line", "path"),
    {
        "GET /A%20b/c?d=/e HTTP/1.1": "/a b/c",
        "GET / HTTP/1.0": "/",
        "/only/a/path?x": "/only/a/path",
        "GET http://example.org:80/a/b HTTP/1.1": "/a/b",
        "GET http://example.org HTTP/1.1": "/",
        "POST /x": "/x",
        "OPTIONS * HTTP/1.1": "*",
        "": "",
        "GET /%ff%zz HTTP/1.1": "/\ufffd%zz",
    }.items(),
)
def test_the_path_of_a_request_is_decoded_and_without_its_query(request_line: str, path: str) -> None:
    assert path_of(request_line) == path


@pytest.mark.parametrize(
    "path",
    [
        "/.env",
        "/.env.production",
        "/api/.env.bak",
        "/.git/config",
        "/.git/HEAD",
        "/.aws/credentials",
        "/.ssh/id_rsa",
        "/id_rsa",
        "/wp-config.php.bak",
        "/backup.sql",
        "/old/db2024.zip",
        "/www.tar.gz",
        "/HNAP1",
        "/HNAP1/",
        "/boaform/admin/formLogin",
        "/_ignition/execute-solution",
        "/vendor/phpunit/phpunit/x.php",
        "/nmaplowercheck1700000000",
        "/nice%20ports%2C/Tri%6Eity.txt%2ebak",
    ],
)
def test_paths_that_nobody_asks_for_by_accident_are_telling(path: str) -> None:
    probe = probe_in(path_of(f"GET {path} HTTP/1.1"))
    assert probe
    assert probe.telling


@pytest.mark.parametrize(
    "path",
    [
        "/wp-login.php",
        "/blog/wp-admin/",
        "/phpMyAdmin/index.php",
        "/administrator/",
        "/manager/html",
        "/xmlrpc.php",
        "/admin",
    ],
)
def test_pages_that_a_site_may_have_are_probes_that_tell_little(path: str) -> None:
    probe = probe_in(path_of(f"GET {path} HTTP/1.1"))
    assert probe
    assert not probe.telling
    assert not probe.secret


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/environment",
        "/.well-known/acme",
        "/gitlab/x",
        "/administration-guide",
        "/archive.zip",
        "/x.env",
    ],
)
def test_ordinary_paths_are_no_probes(path: str) -> None:
    assert probe_in(path_of(f"GET {path} HTTP/1.1")) is None


def test_files_with_secrets_are_probes_even_where_the_server_has_them() -> None:
    assert probe_in("/.git/config") == Probe("dotfile", telling=True)
    assert Probe("dotfile", telling=True).secret
    assert not Probe("router page", telling=True).secret


@pytest.mark.parametrize(
    "path",
    [
        "/favicon.ico",
        "/shop/favicon.ico",
        "/robots.txt",
        "/apple-touch-icon.png",
        "/apple-touch-icon-120x120-precomposed.png",
        "/browserconfig.xml",
        "/sitemap.xml",
        "/sitemap_index.xml.gz",
        "/ads.txt",
        "/app-ads.txt",
        "/.well-known/security.txt",
        "/.well-known/assetlinks.json",
    ],
)
def test_what_browsers_ask_for_unbidden_is_often_missing(path: str) -> None:
    assert is_often_missing(path)
    assert probe_in(path) is None


@pytest.mark.parametrize("path", ["/", "/icon.ico", "/robots.txt/x", "/a/.well-known/x", "/sitemap.php"])
def test_other_paths_are_not(path: str) -> None:
    assert not is_often_missing(path)


@given(st.text(max_size=200))
def test_any_request_has_a_path_and_a_probe_is_named_in_our_own_words(request_line: str) -> None:
    probe = probe_in(path_of(request_line))
    own = {*TELLING.values(), *PAGES.values(), "dotfile", "nmap probe", "dump or backup"}
    assert probe is None or probe.name in own
    assert isinstance(is_often_missing(path_of(request_line)), bool)


def test_the_tables_are_written_in_lower_case_and_do_not_overlap() -> None:
    assert not TELLING.keys() & PAGES.keys()
    assert all(segment == segment.lower() for segment in (*TELLING, *PAGES))
    assert all("/" not in segment for segment in (*TELLING, *PAGES))
