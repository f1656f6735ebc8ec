#!/bin/sh
# The demo's answers as parsers of other making read them: the JSON is JSON, the page is well-formed XML whose text
# is what a peer sent and nothing more. Without python3 there is no such parser: skipped.
command -v python3 >/dev/null || { echo "SKIP: no python3"; exit 77; }
set -eu

for view in browser retry tls12 rsa ticket13 ticket12 client nothing hostility everything; do
    ./demo_pages json "$view" >pages.tmp
    python3 - "$view" pages.tmp <<'END'
import json, sys
view, path = sys.argv[1:]
facts = json.load(open(path, encoding="ascii"))
expected = {"browser": "localhost", "ticket13": "localhost", "ticket12": "localhost", "everything": '"' * 255,
            "hostility": "</title><script>alert('\"&\\\\\\x0d\\x0a\\x80\\xff\\x01')</script>"}
assert facts["sni"] == expected.get(view), facts["sni"]
lengths = {"browser": 9, "retry": 13, "tls12": 14, "rsa": 10, "ticket13": 5, "ticket12": 6, "client": 8, "nothing": 0,
           "hostility": 9, "everything": 24}
assert len(facts["timeline"]) == lengths[view]
END
    ./demo_pages html "$view" >pages.tmp
    python3 - "$view" pages.tmp <<'END'
import sys, xml.dom.minidom
view, path = sys.argv[1:]
page = xml.dom.minidom.parse(path)
allowed = set("html head meta title style body main div svg path h1 h2 h3 p b ul li i section dl dt dd a text tspan line"
              " rect g defs marker details summary pre footer span".split())
tags = {element.tagName for element in page.getElementsByTagName("*")}
assert tags <= allowed, tags - allowed
values = [p.firstChild.data for p in page.getElementsByTagName("p") if p.getAttribute("class") == "value"]
if view == "hostility":
    sent = "</title><script>alert('\"&\\\\\\x0d\\x0a\\x80\\xff\\x01')</script>"
    assert values.count(sent) == 3 and values.count(sent + " (self-signed)") == 1, values
ids = [element.getAttribute("id") for element in page.getElementsByTagName("*") if element.getAttribute("id")]
assert len(ids) == len(set(ids)), ids
END
done
./demo_pages message browser >pages.tmp
python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("pages.tmp")'
rm -f pages.tmp
