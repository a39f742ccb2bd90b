"""What the tests of the whole program share: a standalone process on a folder of its own, its API, its command
line, and waiting for what must come true. Waits end with the event; their limit only says when to give up."""
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

BIN = os.environ.get("GOPHERCRON_BIN", "build/release/gophercron")
PATIENCE_S = 60.0  # for what must happen at once: a machine under load may be slow, never this slow


def seed():
    """One seed a run, printed, so that a failure can be repeated: GOPHERCRON_TEST_SEED=N."""
    value = int(os.environ.get("GOPHERCRON_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"seed: GOPHERCRON_TEST_SEED={value}", file=sys.stderr, flush=True)
    return value


def eventually(condition, what, patience_s=PATIENCE_S, every_s=0.05):
    """The first true value of condition(). Fails with `what` and the last false value."""
    end = time.monotonic() + patience_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"never came true in {patience_s:.0f} s: {what}; last seen: {value!r}")
        time.sleep(every_s)


class Problem(Exception):
    """An answer that is no success."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


class Api:
    def __init__(self, url, token):
        self.url, self.token = url, token
        self.host = url.split("//")[1].rstrip("/")

    def raw(self, method, path, body=None, headers=()):
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            sent = {"Authorization": "Bearer " + self.token} if self.token else {}
            if body is not None:
                sent["Content-Type"] = "application/json"
                body = body if isinstance(body, (bytes, str)) else json.dumps(body)
            sent.update(dict(headers))
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read()
        finally:
            connection.close()

    def call(self, method, path, body=None, headers=()):
        status, _, text = self.raw(method, "/api/v2" + path, body, headers)
        parsed = json.loads(text) if text else None
        if status >= 300:
            raise Problem(status, parsed)
        return parsed

    def items(self, path):
        """Every item of a list, page after page."""
        found, cursor = [], ""
        while True:
            more = ("&" if "?" in path else "?") + "limit=200" + (f"&cursor={urllib.parse.quote(cursor)}" if cursor else "")
            page = self.call("GET", path + more)
            found += page["items"]
            cursor = page.get("next") or ""
            if not cursor:
                return found


class Standalone:
    """`gophercron standalone` on `folder`/data; its output goes to `folder`/log."""

    def __init__(self, folder, *arguments, env=None):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.arguments = arguments
        self.env = env or {}
        self.process = None
        self.api = None

    def start(self):
        (self.data / "api.json").unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BIN, "standalone", "--data", str(self.data), "--listen", "127.0.0.1:0", *self.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(self.env))
        eventually(self.is_up, "standalone writes api.json", every_s=0.01)
        given = json.loads((self.data / "api.json").read_text())
        self.api = Api(given["url"], given["token"])
        return self

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"standalone ended with {self.process.returncode}:\n{self.log_text()}")
        return (self.data / "api.json").exists()

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self, with_signal=signal.SIGTERM):
        self.process.send_signal(with_signal)
        code = self.process.wait(PATIENCE_S)
        self.process = None
        return code

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, *_):
        self.kill()

    # What tests ask of it.

    def project(self, title="tests"):
        return self.api.call("POST", "/projects", {"title": title})["project_id"]

    def add(self, project, name, command, cron="* * * * * * *", **more):
        body = {"name": name, "cron": cron, **more}
        if command is not None:
            body["command"] = command
        return self.api.call("POST", f"/projects/{project}/tasks", body)["task_id"]

    def trigger(self, project, task):
        # The API answers a moment before the node inside has its session.
        eventually(lambda: self.api.call("GET", "/nodes")["items"], "the node is there", every_s=0.01)
        return self.api.call("POST", f"/projects/{project}/tasks/{task}/runs", {})["run_id"]

    def ended_run(self, run_id, patience_s=PATIENCE_S):
        def look():
            try:
                run = self.api.call("GET", f"/runs/{run_id}")
            except Problem as problem:
                if problem.status == 404:
                    return None
                raise
            return run if run.get("outcome") else None

        return eventually(look, f"run {run_id} has ended", patience_s)

    def cli(self, *arguments, **more):
        # Behind "--" stands a command's own argument vector.
        at = arguments.index("--") if "--" in arguments else len(arguments)
        return cli(*arguments[:at], "--data", str(self.data), *arguments[at:], **more)


def environment(extra=None):
    """A plain environment: nothing of the machine's configuration reaches the tests."""
    plain = {name: os.environ[name] for name in ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
    plain["HOME"] = "/nonexistent"
    plain["TZ"] = "UTC"
    plain.update(extra or {})
    return plain


class Said:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


def cli(*arguments, stdin="", env=None, patience_s=PATIENCE_S):
    done = subprocess.run([BIN, *map(str, arguments)], input=stdin.encode(), capture_output=True, timeout=patience_s,
                          env=environment(env), check=False)
    return Said(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


class Case(unittest.TestCase):
    """A test with a folder of its own, kept when it fails."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gophercron-test-"))
        self.addCleanup(self.tidy)

    def tidy(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def standalone(self, *arguments, **more):
        process = Standalone(self.folder, *arguments, **more).start()
        self.addCleanup(process.kill)
        return process


def processes_of(marker):
    """Processes whose environment holds `marker`: what a command started, wherever it went since."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            if state != "Z" and marker.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return found


def integrity(data):
    """What SQLite says of every database of the folder; all "ok" when they are whole."""
    answers = {}
    for path in sorted(pathlib.Path(data).glob("*.db")):
        with contextlib.closing(sqlite3.connect(path)) as database:
            answers[path.name] = database.execute("pragma integrity_check").fetchall()
    return answers


def main():
    unittest.main(verbosity=2)
