"""Paths that scanners ask for because software there has been weak, and paths that everybody asks for in vain."""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple, Optional
from urllib.parse import unquote

LONGEST = 1024
"""Characters of a path that are looked at."""

TELLING: Mapping[str, str] = {
    **dict.fromkeys(
        (".env", ".git", ".svn", ".hg", ".aws", ".ssh", ".kube", ".docker", ".npmrc", ".htpasswd"), "dotfile"
    ),
    **dict.fromkeys((".bash_history", ".mysql_history", ".vscode", ".dockercfg", ".boto", ".netrc"), "dotfile"),
    **dict.fromkeys(("id_rsa", "id_dsa", "id_ed25519", "server.key", "privatekey.key"), "private key"),
    **dict.fromkeys(("wp-config.php.bak", "wp-config.php.old", "wp-config.php~", "wp-config.txt"), "configuration"),
    **dict.fromkeys(("sftp-config.json", "docker-compose.yml", "web.config.bak", "config.php.bak"), "configuration"),
    **dict.fromkeys(
        ("boaform", "hnap1", "gponform", "goform", "luci", "setup.cgi", "currentsetting.htm"), "router page"
    ),
    **dict.fromkeys(("_ignition", "wls-wsat", "jmx-console", "web-console", "coordinatorporttype"), "weak framework"),
    **dict.fromkeys(("heapdump", "_profiler", "phpunit", "laravel-filemanager", "fckeditor"), "weak framework"),
    **dict.fromkeys(("nice ports,", "evox"), "nmap probe"),
}
"""Path segment, lower case → our word. Nobody asks for these by accident."""

PAGES: Mapping[str, str] = {
    **dict.fromkeys(("wp-login.php", "wp-admin", "xmlrpc.php", "wlwmanifest.xml", "wp-config.php"), "WordPress"),
    **dict.fromkeys(
        ("phpmyadmin", "pma", "myadmin", "mysqladmin", "dbadmin", "phppgadmin", "adminer.php"), "database admin"
    ),
    **dict.fromkeys(("administrator", "admin", "admin.php", "admin.aspx", "admin.asp", "cpanel"), "admin page"),
    **dict.fromkeys(
        ("phpinfo.php", "info.php", "test.php", "server-status", "server-info", "status.php"), "server details"
    ),
    **dict.fromkeys(
        ("setup.php", "install.php", "config.php", "config.json", "backup", "bak", "old"), "setup or backup"
    ),
    **dict.fromkeys(
        ("manager", "host-manager", "solr", "jenkins", "hudson", "actuator", "login.action"), "server console"
    ),
    **dict.fromkeys(("owa", "ecp", "autodiscover", "dana-na", "sslvpn", "webvpn", "+cscoe+"), "mail or VPN gateway"),
    **dict.fromkeys(("cgi-bin", "phpmailer", "elfinder", "sdk"), "weak software"),
}
"""Path segment, lower case → our word. These may be pages that the site has; asked for in vain, they tell."""

_SEGMENTS = frozenset({*TELLING, *PAGES})
_BEGINNINGS = (("/.env", "dotfile"), ("/nmaplowercheck", "nmap probe"))  # of segments that go on
_DUMP_ENDS = (".sql", ".zip", ".tar", ".gz", ".tgz", ".rar", ".7z", ".bak")
_SECRET_NAMES = ("dotfile", "private key", "configuration")
_DUMP = re.compile(
    r"(?:backup|dump|database|db|mysql|site|www|htdocs|wwwroot|html)\d{0,4}\.(?:sql|zip|tar|tar\.gz|tgz|rar|7z|gz|bak)"
)
_UNFOUND = re.compile(
    r"/(?:favicon\.ico|robots\.txt|apple-touch-icon[\w-]*\.png|browserconfig\.xml|(?:app-)?ads\.txt|humans\.txt"
    r"|security\.txt|sitemap[\w-]*\.xml(?:\.gz)?|crossdomain\.xml|site\.webmanifest|manifest\.json)$|^/\.well-known/"
)


class Probe(NamedTuple):
    """A request for a well-known weak path."""

    name: str
    """Our word for it, safe to print."""
    telling: bool
    """Nobody asks for it by accident: one is enough. Else it may be a page that the site is thought to have."""

    @property
    def secret(self) -> bool:
        """True when it is a probe also where the server has it: what lies there is nobody's business."""
        return self.name in _SECRET_NAMES


def path_of(request: str) -> str:
    """The path of a request line or URI, decoded, lower case, without query: `GET /A%20b?q HTTP/1.1` → `/a b`."""
    first, _, rest = request.partition(" ")
    target = rest.partition(" ")[0] or first
    path = target[:LONGEST].partition("?")[0]
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    return (unquote(path, errors="replace") if "%" in path else path).lower()


def probe_in(path: str) -> Optional[Probe]:
    """The weak path that a path as `path_of` gives it asks for, if it is one."""
    segments = path.split("/")
    known = () if _SEGMENTS.isdisjoint(segments) else segments  # hardly any path goes further than this
    for segment in known:
        if segment in TELLING:
            return Probe(TELLING[segment], telling=True)
    for beginning, name in _BEGINNINGS:
        if beginning in path:
            return Probe(name, telling=True)
    if path.endswith(_DUMP_ENDS) and _DUMP.fullmatch(segments[-1]):
        return Probe("dump or backup", telling=True)
    return next((Probe(PAGES[segment], telling=False) for segment in known if segment in PAGES), None)


def is_often_missing(path: str) -> bool:
    """True for what browsers and crawlers ask for unbidden, so that its absence tells nothing."""
    return _UNFOUND.search(path) is not None
