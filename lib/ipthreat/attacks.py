"""Exploits in requests and user agents, told by patterns that ordinary traffic does not contain.

The text is looked at as it stands and percent-decoded once and twice, because servers behind proxies decode twice. A
search for "select a union representative" or a shop's `?sort=price;asc` must not match: every pattern asks for syntax
that only an attack has.
"""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple, Pattern, Tuple
from urllib.parse import unquote

LONGEST = 4096
"""Characters of a text that are looked at."""
MOST_REDUCTIONS = 40
"""Rounds in which Log4j look-ups are resolved."""


class Attack(NamedTuple):
    """One kind of exploit."""

    name: str
    needles: Tuple[str, ...]
    """One of these must occur, or the pattern is not tried: a plain search is far cheaper."""
    pattern: Pattern[str]
    """Searched in lower-case text, in which `+`, SQL comments and runs of white space are one space each.

    Every repetition is bounded, so that no text makes the search slow.
    """


def _attack(name: str, needles: str, *patterns: str) -> Attack:
    return Attack(name, tuple(needles.split("¦")), re.compile("|".join(f"(?:{pattern})" for pattern in patterns)))


_UP = r"(?:\.{2,6}[/\\]{1,20})"
_FILE = r"(?:etc/(?:passwd|shadow|hosts)|proc/self|win\.ini|boot\.ini|windows[/\\]|web-inf|wp-config|\.ssh/|\.env)"
_SQL_CALL = r"(?:concat|group_concat|char|chr|cast|version|user|database|load_file|unhex|hex) ?\("
_SQL_VALUE = rf"(?:null\b|\d|0x|['\"@*]|{_SQL_CALL})"
_FETCH = r"(?:wget|curl|tftp|ftpget) (?:-\S{1,20} ){0,6}(?:https?:|ftp:|\d{1,3}\.\d{1,3}\.)"
_BEFORE = r"[;|&`(=] ?"  # what ends the command that the program meant, or begins the attacker's

ATTACKS: Tuple[Attack, ...] = (
    _attack(
        "path traversal",
        "..¦%2e¦%c0%a¦/etc/",
        rf"{_UP}{{3}}",
        rf"{_UP}[\w/\\.-]{{0,80}}{_FILE}",
        r"(?:=|file:/)[/\\]{0,3}etc/(?:passwd|shadow)\b",
        r"/\.\.;/",
        r"(?:%2e|\.)%2e(?:/|%2f|%5c|\\)|%2e\.(?:/|%2f|%5c|\\)|%c0%a[ef]",
    ),
    _attack("shellshock", ") {¦){", r"(?<![\w)])(?<!function )\(\) ?\{.{0,80}?[;}>]"),
    _attack("log4shell", "${", r"\$\{ ?jndi ?:"),
    _attack(
        "sql injection",
        "union ¦select ¦ or ¦'or¦\"or¦ and ¦'and¦sleep¦waitfor¦benchmark(¦drop ¦xp_¦into outfile¦into dumpfile¦exec"
        "¦load_file¦extractvalue¦updatexml¦order by¦dbms_",
        rf"\bunion (?:all |distinct )?\(?select (?:\( ?)?(?:{_SQL_VALUE}|[\w.]{{1,60}} ?,|[\w.]{{1,60}} from )",  # noqa: S608 - a pattern
        r"['\"] ?\){0,5} ?(?:or|and|\|\||&&) ?\({0,5}(?:(['\"])(\w{0,40})\1 ?(?:=|like\b|<>) ?['\"]\2(?!\w)"
        r"|(\w{1,40}) ?(?:=|like\b|<>) ?\3(?!\w))",
        r"[ )'\"/](?:or|and) \(?\d{1,9} ?[=<>] ?\d",
        r"\b(?:select|and|or|if|case|when|then)\b[ (,]{0,5}sleep ?\(|\bpg_sleep ?\(",
        r"\bsleep ?\( ?\d{1,4} ?\) ?(?:--|#|\))",
        r"\bwaitfor delay ?['\"]|\bbenchmark ?\( ?\d{4,9}|\bdbms_(?:pipe|lock)\.",
        r"; ?(?:drop (?:table|database)\b|exec(?:ute)?[ (]{1,2}(?:master|xp_|sp_))|\bxp_cmdshell\b",
        r"\bselect .{1,100}? from (?:information_schema|mysql\.|sys\.|pg_catalog|dual\b|\w{1,60} where )",
        r"\binto (?:out|dump)file ?['\"]|\bload_file ?\(|\b(?:extractvalue|updatexml) ?\(",
        r"['\")] ?order by \d{1,4} ?(?:--|#|,|$)",
    ),
    _attack(
        "command injection",
        "wget ¦curl ¦tftp ¦ftpget ¦/bin/¦chmod ¦cd /¦rm -¦ping -¦nslookup¦whoami¦|id¦`id¦(id¦;id¦| id¦uname¦cat ¦cmd"
        "¦powershell¦busybox¦ifs¦ls /",
        rf"{_BEFORE}{_FETCH}",
        rf"[;|&`(= ]/bin/(?:ba)?sh\b|{_BEFORE}(?:/?bin/)?(?:cat|ls|head|more) /(?:etc|proc|var|home|root|tmp)",
        r"[;|&`(= ](?:cd /(?:tmp|var|dev)|rm -[rf]{1,2} |chmod (?:\+| )?(?:x|[0-7]{3}) |ping -[cn] ?\d)",
        r"(?:[|`]|\$\(|&&) ?(?:id|whoami|uname|nslookup|busybox|cat)(?: -\w{1,10}){0,3} ?(?:[`)|;& ]|$)",
        r";(?:id|whoami|uname -a)(?:\||$| http/)",
        rf"\bcmd(?:\.exe)? ?/c |\bpowershell(?:\.exe)? -|{_BEFORE}\S{{0,12}}\$\{{?ifs\b|/cmd\.exe\?/c",
    ),
    _attack(
        "php code injection",
        "php://¦<?php¦auto_prepend¦allow_url¦=data:¦expect://¦phar://¦call_user_func¦config-create¦assert¦eval(¦system("
        "¦passthru¦shell_exec¦base64_decode",
        r"auto_prepend_file|allow_url_include|call_user_func(?:_array)? ?\(|config-create ",
        r"= ?(?:php://(?:input|filter)|data:(?:text/plain|//text)|expect://|phar://)|<\?php\b",
        r"\b(?:assert|eval|system|passthru|shell_exec|base64_decode) ?\( ?(?:\$_|base64_decode|chr\(|['\"])",
    ),
    _attack("phpunit rce", "eval-stdin.php", r"/eval-stdin\.php"),
    _attack("thinkphp rce", "think¦invokefunction", r"\\think\\|/invokefunction\b|think\\(?:app|request|container)"),
    _attack(
        "java expression injection",
        "ognl¦(#¦#_member¦#context¦${#¦java.lang.¦getruntime¦redirect:",
        r"%\{\(#|#_memberaccess|#context\[|@ognl\.|\$\{\(?#\w{1,40} ?=|redirect: ?[$%]\{",
        r"java\.lang\.(?:runtime|processbuilder)[@ (]|\.getruntime ?\(",
    ),
    _attack("spring4shell", "classloader", r"\bclass\.(?:module\.)?classloader\."),
    _attack("drupalgeddon", "#", r"[\[/]#(?:post_render|pre_render|lazy_builder|access_callback|markup|value)\b"),
    _attack(
        "proxyshell",
        "autodiscover.json",
        r"autodiscover\.json[^ ]{0,20}@[^ ]{0,100}?(?:mapi|powershell|owa|ecp|ews|autodiscover\.json)",
    ),
    _attack("xml external entity", "<!¦<xi:", r"<!entity |<!doctype[^>]{0,100}\[|<xi:include "),
    _attack(
        "cross-site scripting",
        "script¦ on¦/on",
        r"< ?script[ >/]|<(?:img|svg|body|iframe)[^>]{0,100}[ /]on(?:error|load) ?=",
    ),
    _attack(
        "template injection",
        "{{¦${¦#{",
        r"\{\{ ?\d{1,9} ?\* ?['\"]?\d|[$#]\{ ?\d{1,9} ?\* ?\d{1,9} ?\}|\{\{.{0,40}__(?:class|globals)__",
    ),
    _attack("request forgery", "169.254.169.254", r"[=/@]169\.254\.169\.254\b"),
    _attack("response splitting", "%0d¦%0a", r"%0[da] ?(?:set-cookie|location|content-type|content-length) ?(?::|%3a)"),
    _attack(
        "webshell",
        ".php¦.phtml¦.jsp¦.asp",
        r"/(?:c99|r57|wso\d{0,3}|b374k|alfa(?:new|shell|cgiapi)?|indoxploit|shell\d?|cmd|webshell|backdoor)\.ph(?:p\d?|tml)\b",
        r"/(?:cmd|shell|webshell|jspspy|cmdjsp|aspxspy|chopper|antsword)\.(?:jspx?|aspx?)\b",
        r"/wp-content/uploads/[^ ?]{0,100}\.ph(?:p\d?|tml)\b",
    ),
)

# A letter that Log4j puts together from look-ups: ${lower:j}, ${::-j}, ${env:NOTHING:-j}.
_LOOKUP = re.compile(r"\$\{(?:[^${}]{0,100}:-|(?:lower|upper):)([^${}]{0,100})\}")
_SPACES = re.compile(r"\s\s+|[\t\r\n]")
_OVERLONG = (("%c0%af", "/"), ("%c0%ae", "."), ("%u002f", "/"), ("%u002e", "."), ("%u005c", "\\"), ("%u2215", "/"))
# Nearly all texts hold none of these characters. For them only the attacks are tried that need none.
_ODD_IN_REQUEST = re.compile(r"[%+:;'\"<>|`${}\\#*(\[@]")
_ODD_IN_AGENT = re.compile(r"[%'\"<>|`${}\\#*]")
_PLAIN = tuple(
    attack for attack in ATTACKS if attack.name in ("path traversal", "phpunit rce", "spring4shell", "webshell")
)
_PLAIN_ENDS = (".php", ".phtml", ".php5", ".php7", ".jsp", ".jspx", ".asp", ".aspx")


def in_request(request: str) -> Tuple[str, ...]:
    """Names of the attacks in a request (`GET /path?query HTTP/1.1`), each once; usually none."""
    text = request[:LONGEST].lower()
    if _ODD_IN_REQUEST.search(text):
        return _found(ATTACKS, _forms(text))
    if is_plain_query(text) and not text.partition("?")[0].partition(" http/")[0].endswith(_PLAIN_ENDS):
        return ()
    return _found(_PLAIN, [text])


def is_plain_query(query: str) -> bool:
    """True when there can be no attack in the query of a request: a quick answer that is right for nearly all."""
    return not (_ODD_IN_REQUEST.search(query) or ".." in query or "/etc/" in query or "lassload" in query.lower())


def in_user_agent(user_agent: str) -> Tuple[str, ...]:
    """Names of the attacks in a user agent, each once; usually none."""
    text = user_agent[:LONGEST].lower()
    return _found(ATTACKS, _forms(text)) if _ODD_IN_AGENT.search(text) else ()


def _found(attacks: Tuple[Attack, ...], forms: List[str]) -> Tuple[str, ...]:
    found: Dict[str, None] = {}
    for form in forms:
        for attack in attacks:
            if _may_hold(form, attack.needles) and attack.pattern.search(form):
                found[attack.name] = None
    return tuple(found)


def _may_hold(form: str, needles: Tuple[str, ...]) -> bool:
    for needle in needles:  # noqa: SIM110 - any() with a generator takes twice as long
        if needle in form:
            return True
    return False


def _forms(text: str) -> List[str]:
    """The text as it stands, and percent-decoded once and twice where that changes it; smoothed for the patterns."""
    forms = [text]
    while "%" in forms[-1] and len(forms) < 3:
        decoded = forms[-1]
        for written, meant in _OVERLONG:
            decoded = decoded.replace(written, meant)
        decoded = unquote(decoded, errors="replace").lower()
        if decoded == forms[-1]:
            break
        forms.append(decoded)
    return [_smooth(form) for form in forms]


def _smooth(form: str) -> str:
    """The text with `+`, SQL comments and runs of white space as one space, and with Log4j's look-ups resolved."""
    form = _SPACES.sub(" ", form.replace("/**/", " ").replace("+", " "))
    for _ in range(MOST_REDUCTIONS if "${" in form else 0):
        resolved = _LOOKUP.sub(r"\1", form)
        if resolved == form:
            break
        form = resolved
    return form
