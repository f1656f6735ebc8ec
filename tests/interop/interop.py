#!/usr/bin/env python3
"""interop.py [OPTIONS] SALLYPORT: a table of clients of others against sallyport, each in TLS 1.2 and 1.3, with a P-256
and an RSA certificate, full and resumed, without and with a client certificate.

A cell is green when the client was served by the backend behind, the handshake was what the cell says by the client's
own word (where it has one) and by sallyport's log line. It is red otherwise, and not applicable where the client cannot
be had or made to do it. The exit status is 0 when every red cell has a reason that is the client's own (REASONS).
"""
import argparse
import itertools
import os
import re
import secrets
import shutil
import sys
import tempfile
import time

from clients import Cell, Failed, Missing, all_clients
from servers import CLIENT_NAME, HERE, Identities, LISTENERS, NEW_KEY, Nginx, Sallyport, backend_start, listener_of, reply_to

GREEN, RED, NOT_APPLICABLE = "ok", "RED", "n/a"
# Client, pattern of the column, what is then wrong in the cell, and why that is the client's own doing.
REASONS = [
    ("curl", "1.2 .* resumed .*", "nothing was resumed",
     "curl on OpenSSL asks for no tickets in TLS 1.2 (SSL_OP_NO_TICKET), only for sessions that the server remembers; "
     "sallyport remembers none. nginx with a session cache resumes with it."),
]
COLUMNS = list(itertools.product(("1.2", "1.3"), ("p256", "rsa"), ("full", "resumed"), ("no-cert", "cert")))


class Red(Exception):
    """What was wrong in a cell."""


def demand(condition, sentence, evidence):
    if not condition:
        raise Red(f"{sentence}\n{evidence}")


class Table:
    def __init__(self, options, server, identities, folder):
        self.options, self.server, self.identities, self.folder = options, server, identities, folder
        self.rows, self.notes, self.unexplained = [], [], 0
        self.counts = {GREEN: 0, RED: 0, NOT_APPLICABLE: 0}

    # ---- one cell

    def check_connections(self, lines, column):
        version, _, kind, own = column
        served = [line for line in lines if line["event"] == "connection"]
        demand(served, "no connection was logged", lines)
        for line in lines:
            demand(line["event"] == "connection", "a handshake failed", line)
            demand(line.get("version") == "TLSv" + version, "another version", line)
            demand(line.get("suite"), "no suite", line)
            if own == "cert":
                demand(CLIENT_NAME in line.get("client_subject", ""), "the client certificate is not logged", line)
            else:
                demand(line.get("client_subject", "-") == "-", "a client certificate out of nowhere", line)
        resumed = [line for line in lines if line.get("resumed") == "true"]
        demand(lines[0].get("resumed") != "true" or not self.server.tells_of_silence, "resumed at once", lines)
        if kind == "resumed":
            demand(resumed, "nothing was resumed, says the server", lines)
        else:
            demand(not resumed, "resumed, says the server", lines)

    def check_log(self, client, column, listener, since):
        """A line comes when its connection has ended, which may be after the client has its answer."""
        for patience in range(40, -1, -1):
            lines = self.server.read_log(since, listener)
            if client.asks_before_it_shows and listener.wants_client:
                lines = [line for line in lines if line.get("reason") not in ("cut_off", "closed_early")]
            try:
                return self.check_connections(lines, column)
            except Red:
                if patience == 0:
                    raise
            time.sleep(0.05)

    def visit(self, client, column):
        version, certificate, kind, own = column
        listener = listener_of(certificate, own == "cert")
        visits = client.visits_to_resume if kind == "resumed" else 1
        nonces = [secrets.token_hex(8) for _ in range(visits)]
        folder = tempfile.mkdtemp(dir=self.folder)
        since = self.server.log_end()
        output = client.visit(Cell(self.server.host, listener, version, self.identities, nonces, folder))
        demand(reply_to(nonces[-1]) in output, "the backend's answer is not there", output)
        if kind == "resumed" and client.tells_of_resumption:
            demand(client.said_resumed(output) > 0, "nothing was resumed, says the client", output)
        self.check_log(client, column, listener, since)
        shutil.rmtree(folder, ignore_errors=True)

    def judge(self, client, column):
        try:
            self.visit(client, column)
            return GREEN, None
        except (Red, Failed) as wrong:
            reason = reason_for(client.name, column, str(wrong))
            if not reason:
                self.unexplained += 1
            return RED, reason or f"UNEXPLAINED: {wrong}"

    # ---- rows

    def row(self, client):
        try:
            label = client.label()
        except Missing as why:
            self.notes.append((client.name, [], f"not here: {why}"))
            self.add(client.name, [NOT_APPLICABLE] * len(COLUMNS))
            return
        verdicts, reasons = [], {}
        for column in COLUMNS:
            if not self.options.columns.search(" ".join(column)):
                verdicts.append(None)
                continue
            verdict, reason = self.judge(client, column)
            verdicts.append(verdict)
            if reason:
                reasons.setdefault(reason, []).append(" ".join(column))
        self.add(label, verdicts)
        self.notes += [(label, columns, reason) for reason, columns in reasons.items()]

    def add(self, label, verdicts):
        for verdict in filter(None, verdicts):
            self.counts[verdict] += 1
        print(f"{label:<22}" + "".join(f"{verdict or '':<6}" for verdict in verdicts).rstrip(), flush=True)

    def print_head(self):
        def line(title, words, width):
            print(f"{title:<22}" + "".join(f"{word:<{width}}" for word in words).rstrip())
        line("", ["TLS 1.2", "TLS 1.3"], 48)
        line("server certificate", ["P-256", "RSA"] * 2, 24)
        line("handshake", ["full", "resumed"] * 4, 12)
        line("client certificate", ["no", "yes"] * 8, 6)

    def print_notes(self):
        for label, columns, reason in self.notes:
            where = f" [{'; '.join(columns)}]" if columns else ""
            first, _, more = reason.partition("\n")
            print(f"\n{label}{where}: {first}")
            for text in more.splitlines()[-self.options.lines:]:
                print("    " + text)


def reason_for(name, column, wrong):
    for client, pattern, expected, reason in REASONS:
        if client == name and re.fullmatch(pattern, " ".join(column)) and wrong.startswith(expected):
            return reason
    return None


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sallyport", help="the program")
    parser.add_argument("--build", required=True, help="a folder for the clients that are built, which stays")
    parser.add_argument("--trixie", help="the root of a Debian 13 with openssl, for its s_client")
    parser.add_argument("--no-trixie", default="no root of a Debian 13", help="why there is none")
    parser.add_argument("--clients", default="", type=re.compile, help="only those whose name matches")
    parser.add_argument("--columns", default="", type=re.compile, help="only matching ones, as '1.3 rsa full no-cert'")
    parser.add_argument("--against", default="sallyport", choices=["sallyport", "nginx"], help="nginx is the control")
    parser.add_argument("--client-key", default="p256", choices=sorted(NEW_KEY), help="of the client certificate")
    parser.add_argument("--lines", default=30, type=int, help="of what is shown of a red cell")
    return parser.parse_args()


def server_for(options, folder, host, identities):
    wanted = {f"{c[1]}-mutual" if c[3] == "cert" else c[1] for c in COLUMNS if options.columns.search(" ".join(c))}
    listeners = [one for one in LISTENERS if one.name in wanted]
    if options.against == "nginx":
        return Nginx(folder, host, listeners, identities)
    return Sallyport(options.sallyport, folder, host, listeners, identities)


def main():
    options = parse()
    os.makedirs(options.build, exist_ok=True)
    host = f"127.{secrets.randbelow(250) + 1}.{secrets.randbelow(250)}.{secrets.randbelow(250) + 1}"
    with tempfile.TemporaryDirectory(prefix="sallyport-interop.") as folder:
        identities = Identities(folder, options.client_key)
        backend_start(host)
        server = server_for(options, folder, host, identities)
        server.start()
        table = Table(options, server, identities, folder)
        table.print_head()
        try:
            why_not = None if options.trixie else options.no_trixie
            for client in all_clients(HERE, options.build, options.trixie, why_not):
                if options.clients.search(client.name):
                    table.row(client)
        finally:
            status = server.stop()
        table.print_notes()
        print(f"\n{table.counts[GREEN]} green, {table.counts[RED]} red, {table.counts[NOT_APPLICABLE]} not applicable")
        if options.against == "sallyport" and status != 0:
            print(f"sallyport ended with {status} on TERM")
        return 1 if table.unexplained or (options.against == "sallyport" and status != 0) else 0


if __name__ == "__main__":
    sys.exit(main())
