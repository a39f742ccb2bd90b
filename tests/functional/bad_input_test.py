"""Bad input of every kind gets an error that a person can act on, changes nothing and breaks nothing."""
import http.client
import json
import random
import socket

from harness import Case, Problem, cli, eventually, main, seed


class BadInput(Case):
    def setUp(self):
        super().setUp()
        self.process = self.standalone()
        self.project = self.process.project("p")

    def tearDown(self):
        # Whatever was thrown at it, it still serves.
        self.assertEqual(self.process.api.raw("GET", "/healthz")[0], 200)
        self.assertIsNone(self.process.process.poll(), self.process.log_text())

    def refused(self, body, statuses=(400, 422), path=None, headers=()):
        status, got, text = self.process.api.raw("POST", path or f"/api/v2/projects/{self.project}/tasks", body, headers)
        self.assertIn(status, statuses, (body if len(str(body)) < 300 else "...", text))
        self.assertIn("application/problem+json", got["content-type"])
        problem = json.loads(text)
        for member in ("type", "title", "status", "detail", "request_id"):
            self.assertIn(member, problem)
        self.assertEqual(problem["status"], status)
        return problem

    def field(self, problem, name):
        found = [error for error in problem.get("errors", []) if error["field"] == name]
        self.assertTrue(found, f"no error names {name}: {problem}")
        self.assertTrue(found[0]["message"])
        return found[0]

    def task(self, **changes):
        return {"name": "t", "cron": "* * * * *", "command": "true", **changes}


class Tasks(BadInput):
    def test_expressions_say_where_they_are_wrong(self):
        for expr, offset in (("61 * * * *", 0), ("* * 32 * *", 4), ("* * * foo *", 6), ("*/0 * * * *", None), ("* * *", None),
                             ("", None), ("1-", None), ("@sometimes", None)):
            with self.subTest(expr):
                error = self.field(self.refused(self.task(cron=expr)), "cron")
                if offset is not None:
                    self.assertEqual(error["offset"], offset, error)
                    self.assertGreaterEqual(error["length"], 1)

    def test_one_that_never_fires_is_refused(self):
        self.field(self.refused(self.task(cron="0 0 30 2 *")), "cron")
        self.field(self.refused(self.task(cron="0 0 1 1 * 1999")), "cron")

    def test_fields_are_named(self):
        for member, value in (("zone", "Europe/Nowhere"), ("zone", "../../etc/passwd"), ("name", ""), ("name", "x" * 100_000),
                              ("name", "a\nb"), ("name", "a\x1b[2J"), ("command", ""), ("command", "a\x00b"), ("timeout_s", -1),
                              ("timeout_s", 1 << 62), ("overlap", "sometimes"), ("valid_from", "2026-02-30T00:00:00Z"),
                              ("valid_until", "soon"), ("valid_until", "2026-01-01 00:00:00"), ("environment", {"A=B": "c"}),
                              ("environment", {"GOPHERCRON_RUN": "x"}), ("environment", {"": "x"}), ("jitter_s", -5),
                              ("start_deadline_s", -1), ("output_limit", -1)):
            with self.subTest(f"{member}={str(value)[:30]!r}"):
                problem = self.refused(self.task(**{member: value}))
                self.assertTrue(any(error["field"].startswith(member) for error in problem["errors"]), problem)

    def test_types_are_checked(self):
        for member, value in (("name", 5), ("cron", ["*"]), ("enabled", "yes"), ("timeout_s", "60"), ("timeout_s", 1.5),
                              ("environment", []), ("environment", {"A": 1}), ("catch_up", "all"), ("argv", "ls"), ("argv", [1])):
            with self.subTest(f"{member}={value!r}"):
                problem = self.refused(self.task(**{member: value}))
                self.assertTrue(any(error["field"].startswith(member) for error in problem["errors"]), problem)

    def test_an_unknown_member_is_not_ignored(self):
        self.assertIn("tiemout_s", json.dumps(self.refused(self.task(tiemout_s=5))))

    def test_every_fault_is_told_at_once(self):
        problem = self.refused(self.task(cron="nonsense", zone="Nowhere", name=""))
        self.assertLessEqual({"cron", "zone", "name"}, {error["field"] for error in problem["errors"]})

    def test_both_or_neither_of_command_and_argv(self):
        self.refused(self.task(argv=["true"]))
        self.refused({"name": "t", "cron": "* * * * *"})

    def test_nothing_was_saved(self):
        self.refused(self.task(cron="nonsense"))
        self.assertEqual(self.process.api.items(f"/projects/{self.project}/tasks"), [])


class Bodies(BadInput):
    def test_what_is_no_json(self):
        for body in ("{", "", "null", "[]", "5", '"x"', '{"name": }', "{'name': 1}", b"\xff\xfe", '{"a":1}{"b":2}', "[" * 100_000,
                     '{"name":"\\ud800"}', '{"name": 1e999}'):
            with self.subTest(str(body)[:20]):
                self.assertTrue(self.refused(body)["detail"])

    def test_an_endless_body_is_cut_off(self):
        connection = http.client.HTTPConnection(self.process.api.host, timeout=60)
        connection.putrequest("POST", f"/api/v2/projects/{self.project}/tasks")
        connection.putheader("Authorization", "Bearer " + self.process.api.token)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(1 << 40))
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 413)
        connection.close()

    def test_a_huge_body_that_is_really_sent(self):
        # The answer is readable although the sender only looks for it at the end.
        self.refused(b" " * (64 << 20), statuses=(413,))

    def test_a_wrong_content_type(self):
        self.refused("name=t", statuses=(415,), headers=[("Content-Type", "application/x-www-form-urlencoded")])


class Requests(BadInput):
    def test_ids_that_are_none(self):
        for path in ("/projects/0/tasks", "/projects/-1/tasks", "/projects/999/tasks", "/projects/abc/tasks",
                     "/projects/99999999999999999999999/tasks", f"/projects/{self.project}/tasks/nothing",
                     f"/projects/{self.project}/tasks/..%2f..%2fx", f"/projects/{self.project}/tasks/%00", "/runs/nothing",
                     "/runs/%2e%2e", "/nonsense"):
            with self.subTest(path):
                status, headers, text = self.process.api.raw("GET", "/api/v2" + path)
                self.assertIn(status, (400, 404), text)
                self.assertIn("application/problem+json", headers["content-type"])

    def test_a_wrong_method_names_the_right_ones(self):
        status, headers, _ = self.process.api.raw("DELETE", "/api/v2/projects")
        self.assertEqual(status, 405)
        self.assertIn("GET", headers["allow"])

    def test_parameters(self):
        task = self.process.add(self.project, "t", "true", cron="0 0 1 1 *")
        base = f"/api/v2/projects/{self.project}/tasks/{task}"
        for path in (f"{base}/why?instant=yesterday", f"{base}/why?instant=2026-02-30T00:00:00Z", f"{base}/why", "/api/v2/runs?limit=abc",
                     "/api/v2/runs?limit=-1", "/api/v2/runs?outcome=fine", "/api/v2/runs?cursor=%ff",
                     f"{base}/ledger/counts?from=x&to=y"):
            with self.subTest(path):
                status, _, text = self.process.api.raw("GET", path)
                self.assertIn(status, (400, 422), text)
                self.assertTrue(json.loads(text)["detail"])

    def test_nothing_without_a_token(self):
        for path in ("/api/v2/projects", "/api/v2/runs", "/api/v2/nodes", f"/api/v2/projects/{self.project}/tasks"):
            for headers in ((), [("Authorization", "Bearer nonsense")], [("Authorization", "Basic YTpi")]):
                connection = http.client.HTTPConnection(self.process.api.host, timeout=30)
                connection.request("GET", path, headers=dict(headers))
                answer = connection.getresponse()
                self.assertEqual(answer.status, 401, path)
                answer.read()
                connection.close()

    def test_random_bytes_break_nothing(self):
        dice = random.Random(seed())
        host, port = self.process.api.host.split(":")
        for _ in range(200):
            with socket.create_connection((host, int(port)), timeout=30) as connection:
                start = dice.choice([b"", b"GET / HTTP/1.1\r\n", b"POST /api/v2/projects HTTP/1.1\r\nContent-Length: 5\r\n\r\n"])
                connection.sendall(start + dice.randbytes(dice.randrange(1, 2000)))
                connection.shutdown(socket.SHUT_WR)
                try:
                    while connection.recv(65536):
                        pass
                except ConnectionResetError:
                    pass


class CommandLine(BadInput):
    def test_the_caret_stands_under_the_mistake(self):
        said = self.process.cli("task", "add", "--name", "t", "--command", "true", "--cron", "* * 32 * *")
        self.assertEqual(said.code, 1, said)
        lines = said.err.splitlines()
        at = next(i for i, line in enumerate(lines) if line.strip() == "* * 32 * *")
        self.assertEqual(lines[at + 1].index("^") - lines[at].index("*"), 4, said)
        self.assertEqual(lines[at + 1].strip(), "^^")

    def test_flags_say_what_would_be_right(self):
        for flag, value, hint in (("--timeout", "soon", "90s"), ("--valid-from", "2026-02-30 00:00:00", "2026"),
                                  ("--env", "NOEQUALS", "NAME=VALUE"), ("--retries", "x", "number"), ("--zone", "Mars/Base", "Mars/Base")):
            said = self.process.cli("task", "add", "--name", "t", "--command", "true", "--cron", "* * * * *", flag, value)
            self.assertNotEqual(said.code, 0, said)
            self.assertIn(hint, said.err)

    def test_strange_urls(self):
        for url in ("nonsense", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999", "file:///etc/passwd"):
            said = cli("task", "list", "--url", url, "--token", "x")
            self.assertIn(said.code, (1, 2, 4), said)
            self.assertTrue(said.err.strip())


if __name__ == "__main__":
    main()
