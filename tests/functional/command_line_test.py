"""Every command over the API, from outside: what it prints, its --json, its exit code."""
import json
import os
import pty
import select
import subprocess
import time

from harness import BIN, PATIENCE_S, Case, Problem, cli, environment, eventually, main, processes_of

OK, FAILED, USAGE, NOT_FOUND, UNREACHABLE, NOT_SIGNED_IN = range(6)
NEVER_SOON = "0 0 1 1 *"


class CommandLine(Case):
    def setUp(self):
        super().setUp()
        self.process = self.standalone()

    def cli(self, *arguments, **more):
        return self.process.cli(*arguments, **more)

    def done(self, *arguments, **more):
        said = self.cli(*arguments, **more)
        self.assertEqual(said.code, OK, said)
        return said

    def refused(self, code, *arguments, **more):
        said = self.cli(*arguments, **more)
        self.assertEqual(said.code, code, said)
        self.assertEqual(said.out, "", "an error went to stdout")
        self.assertTrue(said.err.strip(), "an error without a word")
        return said.err

    def add_task(self, name="t", command="true", *more, project="p"):
        if not any(p["title"] == project for p in self.done("project", "list", "--json").json()["items"]):
            self.done("project", "add", project)
        return self.done("task", "add", "--project", project, "--name", name, "--cron", NEVER_SOON, "--command", command,
                         "--json", *more).json()


class Projects(CommandLine):
    def test_add_and_list(self):
        self.assertEqual(self.done("project", "list", "--json").json(), {"items": []})
        made = self.done("project", "add", "backups", "--remark", "at night", "--json").json()
        self.assertEqual((made["title"], made["remark"]), ("backups", "at night"))
        listed = self.done("project", "list", "--json").json()["items"]
        self.assertEqual([(p["project_id"], p["title"]) for p in listed], [(made["project_id"], "backups")])
        self.assertIn("backups", self.done("project", "list").out)

    def test_a_taken_title_is_refused(self):
        self.done("project", "add", "one")
        self.assertIn("one", self.refused(FAILED, "project", "add", "one"))


    def test_edit_and_delete(self):
        self.done("project", "add", "one")
        self.done("project", "add", "two")
        self.refused(USAGE, "project", "edit", "one")
        self.refused(FAILED, "project", "edit", "one", "--title", "two")
        changed = self.done("project", "edit", "one", "--title", "first", "--remark", "", "--json").json()
        self.assertEqual((changed["title"], changed["remark"]), ("first", ""))
        self.assertTrue(self.done("project", "delete", "two", "--yes", "--json").json()["deleted"])
        self.assertEqual([p["title"] for p in self.done("project", "list", "--json").json()["items"]], ["first"])
        self.refused(NOT_FOUND, "project", "delete", "two", "--yes")


class Accounts(CommandLine):
    def test_an_account_becomes_a_member_and_goes(self):
        self.done("project", "add", "p")
        made = self.done("user", "add", "ana", "--name", "Ana", "--password-stdin", "--json", stdin="a long Passw0rd\n").json()
        self.assertEqual((made["account"], made["name"], made["administrator"]), ("ana", "Ana", False))
        self.refused(FAILED, "user", "add", "ana", "--password-stdin", stdin="a long Passw0rd\n")
        self.assertIn("ana", self.done("user", "list").out)
        self.done("member", "add", "ana", "--project", "p", "--role", "viewer")
        members = self.done("member", "list", "--project", "p", "--json").json()["items"]
        self.assertEqual([(m["account"], m["role"]) for m in members], [("admin", "owner"), ("ana", "viewer")])
        self.refused(USAGE, "member", "add", "ana", "--project", "p", "--role", "boss")
        self.refused(FAILED, "member", "remove", "admin", "--project", "p")
        self.done("member", "remove", "ana", "--project", "p")
        self.refused(NOT_FOUND, "member", "remove", "ana", "--project", "p")
        self.done("user", "delete", "ana", "--yes")
        self.assertEqual([u["account"] for u in self.done("user", "list", "--json").json()["items"]], ["admin"])

    def test_a_token_counts_until_it_is_deleted(self):
        token = self.done("token", "add", "ci", "--expires", "90d").out.strip()
        url = self.process.api.url
        self.assertEqual(cli("whoami", "--url", url, "--token", token, "--json").json()["account"], "admin")
        listed = self.done("token", "list", "--json").json()["items"]
        self.done("token", "delete", next(t["token_id"] for t in listed if t["name"] == "ci"))
        self.assertEqual(cli("whoami", "--url", url, "--token", token).code, NOT_SIGNED_IN)

    def test_a_token_may_be_good_for_little(self):
        self.done("project", "add", "tokens")
        token = self.done("token", "add", "looks", "--role", "viewer", "-p", "tokens").out.strip()
        as_program = ("--url", self.process.api.url, "--token", token)
        self.assertEqual(len(cli("project", "list", "--json", *as_program).json()["items"]), 1)
        self.assertEqual(cli("token", "add", "more", *as_program).code, FAILED)
        listed = self.done("token", "list", "--json").json()["items"]
        own = next(t["token_id"] for t in listed if t["name"] == "commands on this machine")
        self.refused(FAILED, "token", "delete", own)
        self.done("token", "delete", next(t["token_id"] for t in listed if t["name"] == "looks"))

    def test_an_account_becomes_an_administrator_and_none(self):
        self.done("user", "add", "zoe", "--password-stdin", stdin="a long Passw0rd\n")
        self.done("user", "edit", "zoe", "--administrator", "--name", "Zoe Z")
        self.assertIn("administrator", self.done("user", "list").out.split("zoe")[1].splitlines()[0])
        self.done("user", "edit", "zoe", "--no-administrator")
        self.refused(USAGE, "user", "edit", "zoe")
        self.refused(FAILED, "user", "edit", "admin", "--no-administrator")
        self.done("user", "delete", "zoe", "--yes")

    def test_logout_ends_sessions(self):
        home = {"HOME": str(self.folder / "home")}
        self.done("user", "reset-password", "--password-stdin", stdin="a long Passw0rd\n")
        said = cli("login", "--url", self.process.api.url, "--password-stdin", stdin="a long Passw0rd\n", env=home)
        self.assertEqual(said.code, OK, said)
        self.assertEqual(cli("whoami", env=home).code, OK)
        other = {"HOME": str(self.folder / "other")}
        self.assertEqual(cli("login", "--url", self.process.api.url, "--password-stdin", stdin="a long Passw0rd\n", env=other).code, OK)
        self.assertEqual(cli("logout", env=home).code, OK)
        self.assertEqual(cli("whoami", env=home).code, NOT_SIGNED_IN)
        self.assertEqual(cli("whoami", env=other).code, OK)
        self.assertEqual(cli("login", "--url", self.process.api.url, "--password-stdin", stdin="a long Passw0rd\n", env=home).code, OK)
        self.assertEqual(cli("logout", "--all", env=home).code, OK)
        self.assertEqual(cli("whoami", env=other).code, NOT_SIGNED_IN)
        self.refused(FAILED, "logout")


class TheApiItself(CommandLine):
    def test_anything_can_be_asked(self):
        self.assertEqual(self.done("api", "GET", "openapi.json").json()["openapi"], "3.1.0")
        made = self.done("api", "POST", "/api/v2/projects", "--body", "-", stdin='{"title":"p"}').json()
        self.assertEqual(made["title"], "p")
        self.refused(FAILED, "api", "PATCH", f"projects/{made['project_id']}", "--body", '{"remark":"r"}', "--if-match", '"other"')
        self.refused(NOT_FOUND, "api", "GET", "projects/77")

    def test_events_come_as_they_happen(self):
        listener = subprocess.Popen([BIN, "events", "--data", str(self.process.data)], stdout=subprocess.PIPE,
                                    env=environment())
        try:
            # The project appears in no stream that began before it: any number of tasks may pass until one is heard of.
            self.add_task("first")
            ready = lambda: select.select([listener.stdout], [], [], 0)[0] or (self.add_task("again") and None)
            eventually(ready, "an event is printed")
            event = json.loads(listener.stdout.readline())
            self.assertEqual(event["type"], "task_saved")
        finally:
            listener.kill()
            listener.wait()
            listener.stdout.close()


class Tasks(CommandLine):
    def test_add_show_list(self):
        made = self.add_task("backup", "echo hi", "--zone", "Europe/Berlin", "--timeout", "1h30m", "--kill-grace", "5s",
                             "--env", "A=1", "--env", "B=x=y", "--overlap", "queue", "--catch-up", "all", "--catch-up-age",
                             "2h", "--catch-up-number", "7", "--start-deadline", "45", "--jitter", "0", "--remark", "nightly",
                             "--valid-until", "2037-01-01T00:00:00Z", "--cwd", "/tmp")
        shown = self.done("task", "show", "backup", "--json").json()
        for member, value in {"name": "backup", "command": "echo hi", "cron": NEVER_SOON, "zone": "Europe/Berlin",
                              "timeout_s": 5400, "kill_grace_s": 5, "environment": {"A": "1", "B": "x=y"}, "overlap": "queue",
                              "catch_up": {"mode": "all", "max_age_s": 7200, "max_number": 7}, "start_deadline_s": 45,
                              "remark": "nightly", "valid_until": "2037-01-01T00:00:00Z", "cwd": "/tmp",
                              "enabled": True}.items():
            self.assertEqual(shown[member], value, member)
        self.assertEqual(shown["task_id"], made["task_id"])
        self.assertEqual(self.done("task", "show", made["task_id"], "--json").json(), shown)
        human = self.done("task", "show", "backup").out
        for text in ("backup", "Europe/Berlin", "1 h 30 min"):
            self.assertIn(text, human)
        self.assertIn("backup", self.done("task", "list", "--project", "p").out)

    def test_an_argument_vector_runs_without_a_shell(self):
        self.done("project", "add", "p")
        made = self.done("task", "add", "--name", "argv", "--cron", NEVER_SOON, "--json", "--", "/bin/echo", "$HOME", "a b").json()
        self.assertEqual(made["argv"], ["/bin/echo", "$HOME", "a b"])
        self.assertEqual(self.done("task", "run", "argv", "--follow").out, "$HOME a b\n")

    def test_edit_changes_what_is_named_and_leaves_the_rest(self):
        made = self.add_task("t", "echo 1", "--env", "A=1", "--env", "B=2", "--remark", "r")
        edited = self.done("task", "edit", "t", "--command", "echo 2", "--env", "C=3", "--unset-env", "A", "--json").json()
        self.assertEqual(edited["command"], "echo 2")
        self.assertEqual(edited["environment"], {"B": "2", "C": "3"})
        self.assertEqual(edited["remark"], "r")
        self.assertGreater(edited["revision"], made["revision"])
        cleared = self.done("task", "edit", "t", "--remark", "", "--json").json()
        self.assertEqual(cleared["remark"], "")
        self.assertIn("nothing to change", self.refused(FAILED, "task", "edit", "t"))

    def test_a_lost_update_is_refused_and_explained(self):
        made = self.add_task("t", "echo 1")
        self.done("task", "edit", "t", "--command", "echo other")
        said = self.refused(FAILED, "task", "edit", "t", "--if-revision", made["revision"], "--command", "echo mine")
        self.assertIn("nothing was saved", said)
        self.assertIn("echo other", self.done("task", "show", "t", "--json").json()["command"])
        self.assertIn(str(made["revision"]), said)

    def test_pause_and_resume(self):
        self.add_task()
        self.done("task", "pause", "t")
        self.assertFalse(self.done("task", "show", "t", "--json").json()["enabled"])
        self.assertIn("paused", self.done("task", "list").out)
        self.done("task", "resume", "t")
        self.assertTrue(self.done("task", "show", "t", "--json").json()["enabled"])

    def test_delete_wants_a_yes(self):
        self.add_task()
        self.assertIn("--yes", self.refused(USAGE, "task", "delete", "t"))
        self.done("task", "show", "t")
        self.done("task", "delete", "t", "--yes")
        self.refused(NOT_FOUND, "task", "show", "t")
        self.assertEqual(self.done("task", "list", "--json").json(), {"items": []})

    def test_names_that_are_not_unique_are_asked_about(self):
        first, second = self.add_task("same", project="a"), self.add_task("same", project="b")
        said = self.refused(FAILED, "task", "show", "same")
        self.assertIn(first["task_id"], said)
        self.assertIn(second["task_id"], said)
        self.assertEqual(self.done("task", "show", "same", "--project", "b", "--json").json()["task_id"], second["task_id"])
        self.assertEqual(self.done("task", "show", first["task_id"], "--json").json()["task_id"], first["task_id"])

    def test_what_is_not_there_is_exit_3(self):
        self.add_task()
        for command in (("task", "show"), ("task", "pause"), ("task", "run"), ("run", "show"), ("run", "kill"), ("run", "log")):
            said = self.refused(NOT_FOUND, *command, "nowhere")
            self.assertTrue("nowhere" in said or "no such" in said, (command, said))
        self.refused(NOT_FOUND, "task", "list", "--project", "nowhere")


class Runs(CommandLine):
    def test_wait_exits_with_the_result(self):
        for command, code, outcome in (("exit 0", 0, "succeeded"), ("exit 7", 7, "failed"), ("kill -9 $$", 137, "failed")):
            with self.subTest(command):
                name = f"task {command}"
                self.add_task(name, command)
                said = self.cli("task", "run", name, "--wait", "--json")
                self.assertEqual(said.code, code, said)
                self.assertEqual(said.json()["outcome"], outcome)

    def test_a_timeout_is_exit_124(self):
        self.add_task("slow", "sleep 100", "--timeout", "1", "--kill-grace", "1")
        said = self.cli("task", "run", "slow", "--wait", "--json")
        self.assertEqual(said.code, 124, said)
        self.assertEqual(said.json()["outcome"], "timed_out")

    def test_a_program_that_is_not_there_is_exit_126(self):
        self.done("project", "add", "p")
        self.done("task", "add", "--name", "gone", "--cron", NEVER_SOON, "--", "/nonexistent/program")
        said = self.cli("task", "run", "gone", "--wait", "--json")
        self.assertEqual(said.code, 126, said)
        self.assertEqual(said.json()["outcome"], "failed_to_start")
        self.assertIn("No such file", said.json()["detail"])

    def test_follow_prints_output_as_it_comes(self):
        gate = self.folder / "gate"
        self.add_task("talks", f"echo first; while ! [ -e {gate} ]; do sleep 0.05; done; echo second; exit 4")
        follower = subprocess.Popen([BIN, "task", "run", "talks", "--follow", "--data", str(self.process.data)],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        self.assertEqual(follower.stdout.readline(), b"first\n")  # while it is still running: the gate is closed
        gate.touch()
        out, err = follower.communicate(timeout=PATIENCE_S)
        self.assertEqual(out, b"second\n")
        self.assertEqual(follower.returncode, 4, err)
        self.assertIn(b"failed", err)

    def test_log_gives_bytes_as_they_were(self):
        self.add_task("bytes", r"printf 'a\0b\377\033[31mc\r\n'")
        run = self.cli("task", "run", "bytes", "--wait", "--json").json()["run_id"]
        for more in ((), ("-f",)):
            raw = subprocess.run([BIN, "run", "log", run, *more, "--data", str(self.process.data)], capture_output=True,
                                 env=environment(), timeout=PATIENCE_S, check=False)
            self.assertEqual(raw.returncode, 0, raw)
            self.assertEqual(raw.stdout, b"a\0b\xff\033[31mc\r\n")

    def test_kill(self):
        self.add_task("long", "echo up; sleep 1000", "--kill-grace", "1")
        run = self.done("task", "run", "long", "--json").json()["run_id"]
        eventually(lambda: processes_of(f"GOPHERCRON_RUN={run}"), "it runs")
        live = self.done("run", "list", "--running", "--json").json()["items"]
        self.assertEqual([r["run_id"] for r in live], [run])
        self.done("run", "kill", run)
        said = self.cli("run", "log", run, "--follow")
        self.assertEqual(said.code, 137, said)
        shown = self.done("run", "show", run, "--json").json()
        self.assertEqual((shown["outcome"], shown["killed_by"]), ("killed", "admin"))
        self.assertEqual(processes_of(f"GOPHERCRON_RUN={run}"), [])
        self.refused(FAILED, "run", "kill", run)

    def test_list_filters(self):
        self.add_task("good", "true")
        self.add_task("bad", "false")
        good = self.cli("task", "run", "good", "--wait", "--json").json()["run_id"]
        bad = self.cli("task", "run", "bad", "--wait", "--json").json()["run_id"]
        ids = lambda *more: {r["run_id"] for r in self.done("run", "list", "--json", *more).json()["items"]}
        self.assertEqual(ids(), {good, bad})
        self.assertEqual(ids("--outcome", "failed"), {bad})
        self.assertEqual(ids("--task", "good"), {good})
        self.assertEqual(len(ids("-n", "1")), 1)
        human = self.done("run", "list").out
        self.assertIn("exit 1", human)
        self.assertIn("good", human)

    def test_the_same_key_is_the_same_run(self):
        self.add_task("once", "true")
        first = self.done("task", "run", "once", "--key", "k1", "--json").json()["run_id"]
        again = self.done("task", "run", "once", "--key", "k1", "--json").json()["run_id"]
        other = self.done("task", "run", "once", "--key", "k2", "--json").json()["run_id"]
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)


class Why(CommandLine):
    def test_answers_for_a_run_a_skip_and_no_tick(self):
        self.done("project", "add", "p")
        self.done("task", "add", "--name", "busy", "--cron", "*/2 * * * * * *", "--command", "sleep 5")
        task = self.done("task", "show", "busy", "--json").json()
        ran = eventually(lambda: self.done("run", "list", "--task", "busy", "--json", "--outcome", "succeeded").json()["items"],
                         "one run has ended")[-1]
        why = self.done("task", "why", "busy", ran["tick"], "--json").json()
        self.assertEqual(why["verdict"], "ran", why)
        self.assertTrue(why["answer"])
        at = lambda more: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch(ran["tick"]) + more))
        skipped = eventually(lambda: self.skip(at(2)), "the next tick is in the ledger")
        self.assertIn(ran["run_id"], json.dumps(skipped), "the skip does not name the run that was going")
        self.assertEqual(self.done("task", "why", "busy", at(1), "--json").json()["verdict"], "not_a_tick")
        self.assertTrue(self.done("task", "why", "busy", at(2)).out.strip())

    def skip(self, instant):
        said = self.done("task", "why", "busy", instant, "--json").json()
        return said if said["verdict"] == "skipped" else None

    def test_an_impossible_instant_is_refused(self):
        self.add_task()
        for text in ("2026-02-30 12:00:00", "yesterday", "2026-13-01T00:00:00Z"):
            self.assertIn(text, self.refused(USAGE, "task", "why", "t", text))


class Access(CommandLine):
    def test_login_is_remembered(self):
        home = {"HOME": str(self.folder / "home")}
        self.assertEqual(self.cli("user", "reset-password", "--account", "admin", "--password-stdin", stdin="a long Passw0rd\n").code, OK)
        url = self.process.api.url
        said = cli("login", "--url", url, "--account", "admin", "--password-stdin", stdin="a long Passw0rd\n", env=home)
        self.assertEqual(said.code, OK, said)
        saved = self.folder / "home/.config/gophercron/credentials.json"
        self.assertEqual(saved.stat().st_mode & 0o777, 0o600)
        self.assertNotIn(json.loads(saved.read_text())["token"], said.out + said.err)
        self.assertEqual(cli("project", "list", env=home).code, OK)
        self.assertEqual(cli("project", "list", "--url", url, env=home).code, OK)

    def test_a_wrong_password_is_exit_5_and_saves_nothing(self):
        home = {"HOME": str(self.folder / "home")}
        said = cli("login", "--url", self.process.api.url, "--account", "admin", "--password-stdin", stdin="wrong\n", env=home)
        self.assertEqual(said.code, NOT_SIGNED_IN, said)
        self.assertFalse((self.folder / "home/.config").exists())

    def test_no_token_is_exit_5(self):
        for more in ((), ("--token", "wrong"), ("--token", "a.b.c")):
            said = cli("task", "list", "--url", self.process.api.url, *more)
            self.assertEqual(said.code, NOT_SIGNED_IN, said)
            self.assertIn("gophercron login", said.err)

    def test_environment_names_service_and_token(self):
        given = {"GOPHERCRON_URL": self.process.api.url, "GOPHERCRON_TOKEN": self.process.api.token}
        self.assertEqual(cli("project", "list", env=given).code, OK)
        self.assertEqual(cli("project", "list", env={"GOPHERCRON_DATA": str(self.process.data)}).code, OK)

    def test_nobody_there_is_exit_4(self):
        said = cli("task", "list", "--url", "http://127.0.0.1:1", "--token", "x")
        self.assertEqual(said.code, UNREACHABLE, said)
        self.assertIn("http://127.0.0.1:1", said.err)
        said = cli("task", "list", "--data", str(self.folder / "empty"))
        self.assertEqual(said.code, UNREACHABLE, said)
        said = cli("task", "list")
        self.assertEqual(said.code, UNREACHABLE, said)
        self.assertIn("standalone", said.err)

    def test_a_password_can_be_reset_without_a_running_standalone(self):
        self.assertEqual(self.process.stop(), 0)
        said = self.cli("user", "reset-password", "--password-stdin", stdin="another long Passw0rd\n")
        self.assertEqual(said.code, OK, said)
        self.process.start()
        home = {"HOME": str(self.folder / "home")}
        said = cli("login", "--url", self.process.api.url, "--password-stdin", stdin="another long Passw0rd\n", env=home)
        self.assertEqual(said.code, OK, said)


class Usage(Case):
    def test_every_command_has_help(self):
        for command in ((), ("project", "list"), ("project", "add"), ("task", "list"), ("task", "show"), ("task", "add"),
                        ("task", "edit"), ("task", "pause"), ("task", "resume"), ("task", "delete"), ("task", "run"),
                        ("task", "why"), ("task", "ledger"), ("run", "list"), ("run", "show"), ("run", "kill"), ("run", "log"), ("node", "list"),
                        ("user", "reset-password"), ("user", "add"), ("member", "add"), ("token", "add"), ("project", "edit"), ("api",),
                        ("events",), ("whoami",), ("logout",), ("login",), ("standalone",), ("cron", "next"), ("cron", "explain")):
            said = cli(*command, "--help")
            self.assertEqual(said.code, OK, (command, said))
            self.assertIn("Usage", said.out)

    def test_wrong_usage_is_exit_2(self):
        for command in ((), ("nonsense",), ("task",), ("task", "show"), ("task", "list", "--nonsense"), ("run", "list", "-n", "x"),
                        ("project", "add"), ("standalone", "--listen")):
            said = cli(*command)
            self.assertEqual(said.code, USAGE, (command, said))
            self.assertTrue(said.err.strip(), command)


class Terminal(CommandLine):
    HOSTILE = "evil\x1b]0;owned\x07\x1b[2J\nforged line \u202etxt.exe"

    def on_terminal(self, *arguments, env=None):
        """What the command writes to a terminal of 100 columns."""
        controller, terminal = pty.openpty()
        done = subprocess.Popen([BIN, *arguments, "--data", str(self.process.data)], stdin=subprocess.DEVNULL, stdout=terminal,
                                stderr=terminal, env=environment({"TERM": "xterm", **(env or {})}))
        os.close(terminal)
        text = b""
        while True:
            try:
                piece = os.read(controller, 65536)
            except OSError:
                break
            if not piece:
                break
            text += piece
        os.close(controller)
        done.wait(PATIENCE_S)
        return text.decode(errors="replace")

    def test_hostile_output_does_not_reach_the_terminal(self):
        self.add_task("shy", r"printf '\033]0;owned\007\033[2Jplain\033[31mred\n'")
        run = self.cli("task", "run", "shy", "--wait", "--json").json()["run_id"]
        for command in (("run", "log", run), ("run", "log", "-f", run)):
            text = self.on_terminal(*command)
            self.assertNotIn("\x1b]", text)
            self.assertNotIn("\x1b[2J", text)
            self.assertIn("plain", text)

    def test_colours_only_on_a_terminal_that_wants_them(self):
        self.add_task("t", "true")
        self.cli("task", "run", "t", "--wait")
        self.assertIn("\x1b[32m", self.on_terminal("run", "list"))
        self.assertNotIn("\x1b", self.on_terminal("run", "list", env={"NO_COLOR": "1"}))
        self.assertNotIn("\x1b", self.done("run", "list").out)

    def test_names_cannot_forge_lines(self):
        self.done("project", "add", "p")
        project = self.done("project", "list", "--json").json()["items"][0]["project_id"]
        # Whether such a name is refused or kept, no terminal may ever see it raw.
        try:
            self.process.api.call("POST", f"/projects/{project}/tasks", {"name": self.HOSTILE, "cron": NEVER_SOON, "command": "true"})
        except Problem as refusal:
            self.assertEqual(refusal.status, 422 if refusal.status == 422 else 400, refusal)
            self.assertIn("name", json.dumps(refusal.body))
        weird = "备份 \u202e rtl ' \" $(id) ; -- %n"
        with_weird = self.cli("task", "add", "--name", weird, "--cron", NEVER_SOON, "--command", "true")
        text = self.on_terminal("task", "list", env={"NO_COLOR": "1"})
        for raw in ("\x1b", "\x07", "\u202e"):
            self.assertNotIn(raw, text)
            self.assertNotIn(raw, with_weird.out + with_weird.err)


class Nodes(CommandLine):
    def test_list(self):
        nodes = eventually(lambda: self.done("node", "list", "--json").json()["items"], "the node is there")
        self.assertEqual(len(nodes), 1)
        self.assertIn(nodes[0]["node_id"], self.done("node", "list").out)


def epoch(text):
    import calendar
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


if __name__ == "__main__":
    main()
