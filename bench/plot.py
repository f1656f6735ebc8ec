#!/usr/bin/env python3
"""plot.py FILE.jsonl: the costs of a run as SVG, on standard output: CPU per handshake, CPU per MB, memory per idle
connection. Bars are medians, the thin line on each is the spread over the rounds; shorter is better."""
import sys
from xml.sax.saxutils import escape

import results
from servers import FLOOR, OURS

WIDTH, LEFT, RIGHT, BAR, GAP = 860, 240, 130, 14, 14
PANELS = [("handshake", "CPU per connection with its handshake, microseconds"),
          ("bulk", "CPU per megabyte, microseconds"),
          ("idle", "Memory per idle connection, PSS bytes")]
COLOURS = {OURS: "#b5452c", FLOOR: "#b9b9b9"}
PEER_COLOURS = ["#33658a", "#6fa1c4", "#2f4858", "#8fae8b"]


class Picture:
    def __init__(self):
        self.parts, self.y = [], 16

    def text(self, x, y, words, size=12, anchor="start", weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
                          f'font-weight="{weight}">{escape(words)}</text>')

    def bar(self, x, y, width, height, colour):
        width = max(width, 0.5)
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" fill="{colour}"/>')

    def spread(self, low, high, y):
        self.parts.append(f'<path d="M{low:.1f} {y:.1f}H{high:.1f}" stroke="#000" stroke-width="1"/>')

    def finish(self):
        height = self.y + 8
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
                f'viewBox="0 0 {WIDTH} {height:.0f}" font-family="sans-serif" fill="#222">\n'
                f'<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(self.parts) + "\n</svg>\n")


def colours_of(servers):
    peers = iter(PEER_COLOURS)
    return {server: COLOURS.get(server) or next(peers, "#777777") for server in servers}


def legend(picture, colours):
    x = 16
    for server, colour in colours.items():
        picture.bar(x, picture.y - 10, 12, 12, colour)
        picture.text(x + 17, picture.y, server)
        x += 36 + 7.5 * len(server)
    picture.y += 20


def row(picture, line, colours, scale):
    picture.text(LEFT - 10, picture.y + BAR * len(line.cells) / 2 + 4, line.label, anchor="end")
    for server, cell in line.cells.items():
        picture.bar(LEFT, picture.y, cell.median * scale, BAR - 2, colours[server])
        picture.spread(LEFT + cell.low * scale, LEFT + cell.high * scale, picture.y + BAR / 2 - 1)
        picture.text(LEFT + max(cell.median, cell.high) * scale + 5, picture.y + BAR - 4,
                     results.figure_text(cell.median), size=11)
        picture.y += BAR
    picture.y += GAP


def panel(picture, title, lines, colours):
    greatest = max(cell.high for line in lines for cell in line.cells.values())
    scale = (WIDTH - LEFT - RIGHT) / (greatest or 1)
    picture.y += 12
    picture.text(16, picture.y, title, size=14, weight="bold")
    picture.y += 10
    for line in lines:
        row(picture, line, colours, scale)


def svg(found):
    picture = Picture()
    colours = colours_of(found.servers)
    picture.y += 6
    picture.text(16, picture.y, f"sallyport beside its peers, {found.about['date']}", size=16, weight="bold")
    picture.y += 18
    picture.text(16, picture.y, found.about["machine"], size=11)
    picture.y += 22
    legend(picture, colours)
    for kind, title in PANELS:
        lines = [line for line in found.lines() if line.kind == kind and line.cells]
        if lines:
            panel(picture, title, lines, colours)
    return picture.finish()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(svg(results.Results.read(sys.argv[1])))
