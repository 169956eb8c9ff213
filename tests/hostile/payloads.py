"""What attackers write into addresses: paths that lead out of a folder, and addresses that lead off the site."""

from __future__ import annotations

__all__ = ["PATHS", "REDIRECTS"]

_UP = "../" * 12
PATHS: tuple[str, ...] = (
    "{secret}", "/{secret}", "//{secret}", "file://{secret}", _UP + "{inside}", "../{name}", "../../{name}",
    "../../../{name}", "../../../../{name}", "../../../../../{name}", "./../{name}", "a/../../{name}",
    "a/b/../../../{name}", "....//....//{name}", "..././..././{name}", "...//{name}", "..;/..;/{name}",
    "..\\{name}", "..\\..\\..\\{name}", "a\\..\\..\\{name}", "\\{inside}", "C:\\{name}", "C:{name}",
    "\\\\localhost\\share\\{name}", "\\\\?\\C:\\{name}", "%2e%2e/{name}", "%2e%2e%2f%2e%2e%2f{name}",
    "..%2f..%2f{name}", "..%5c..%5c{name}", "%2e%2e%5c{name}", "%252e%252e%252f{name}", "..%252f..%252f{name}",
    "..%c0%af..%c0%af{name}", "%c0%ae%c0%ae/{name}", "..%u2215{name}", "..%ef%bc%8f{name}", "..%e2%88%95{name}",
    "%uff0e%uff0e/{name}", "..%00/{name}", "{name}%00", "{name}%00.css", "../{name}%00.css", "%00../{name}",
    "..%0d/{name}", "..%0a{name}", "../{name}/.", "../{name}/..", "../{name}::$DATA", "../{name}.", "../{name}%20",
    "~/{name}", "~root/{name}", "$HOME/{name}", "%24%7BHOME%7D/{name}", "/proc/self/environ",
    "/proc/self/root{secret}", "/proc/self/cwd/{name}",
    "../config.yml", "../appliance.db", "data/../../../{name}",
)
"""``secret`` is a whole path, ``inside`` the same without its first slash, ``name`` the file's name alone."""

assert len(PATHS) == len(set(PATHS)) == 60, (len(PATHS), len(set(PATHS)))

REDIRECTS: tuple[str, ...] = (
    "http://evil.example/", "https://evil.example/", "//evil.example/", "///evil.example/", "////evil.example/",
    "/\\evil.example/", "\\/evil.example/", "\\\\evil.example/", "/\\/evil.example/", "/\t/evil.example/",
    "/\n/evil.example/", "/\r/evil.example/", "\t//evil.example/", " //evil.example/", "//evil.example%2f..",
    "http:evil.example/", "http:/evil.example/", "https:\\evil.example/", "HTTP://evil.example/", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x",
    "evil.example", ".evil.example", "@evil.example/", "//localhost@evil.example/", "http://127.0.0.1@evil.example/",
    "//127.0.0.1:{port}@evil.example/", "http://127.0.0.1:{port}.evil.example/", "//evil.example\\@127.0.0.1/",
    "//[::ffff:1.2.3.4]/", "ftp://evil.example/", "/%09/evil.example/", "/%5cevil.example/", "/%2f/evil.example/",
    "/.//evil.example/", "/x\r\nLocation: http://evil.example/", "/x\x00//evil.example/",
)
assert len(REDIRECTS) == len(set(REDIRECTS)) == 40, len(REDIRECTS)
