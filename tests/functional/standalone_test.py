"""The life of one `gophercron standalone`: the demo, a clean stop, a restart, one process on one folder."""
import hmac
import http.server
import json
import os
import re
import signal
import stat
import subprocess
import threading
import time

from harness import BIN, Case, Problem, Standalone, cli, environment, eventually, integrity, main, processes_of


class Demo(Case):
    def test_shows_runs_as_they_happen(self):
        process = self.standalone("--demo")
        for expected in (r"✓ succeeded +demo / every second .* tick 20",
                         r"✗ failed +demo / always fails .*exit 3.*/mnt/backup is not there",
                         r"– skipped +demo / longer than its period .*overlap"):
            eventually(lambda: re.search(expected, process.log_text()), f"a line like {expected}", every_s=0.2)
        self.assertNotIn("\x1b", process.log_text(), "colours went to a file")
        link = re.search(r"http://127\.0\.0\.1:\d+/\S*#\S+", process.log_text())
        self.assertTrue(link, f"no one-time sign-in link in:\n{process.log_text()}")

    def test_has_the_four_tasks_once_however_often_it_starts(self):
        process = self.standalone("--demo")
        names = ["always fails", "every minute", "every second", "longer than its period"]
        listed = lambda: sorted(t["name"] for t in process.cli("task", "list", "--json").json()["items"])
        self.assertEqual(listed(), names)
        self.assertEqual(process.cli("task", "delete", "always fails", "--yes").code, 0)
        self.assertEqual(process.stop(), 0)
        process.start()
        self.assertEqual(listed(), names[1:], "a demo task that was deleted came back")

    def test_commands_see_what_they_are(self):
        process = self.standalone()
        project = process.project()
        task = process.add(project, "env", "env | grep ^GOPHERCRON_ | sort", cron="0 0 1 1 *")
        run = process.ended_run(process.trigger(project, task))
        out = process.cli("run", "log", run["run_id"]).out
        for name, value in (("PROJECT", project), ("TASK", task), ("RUN", run["run_id"]), ("ATTEMPT", 1)):
            self.assertRegex(out, rf"(?m)^GOPHERCRON_{name}={value}$")
        self.assertRegex(out, r"(?m)^GOPHERCRON_FENCE=\d+$")


class Stop(Case):
    def test_ctrl_c_gives_running_commands_their_grace_and_keeps_their_results(self):
        process = self.standalone()
        project = process.project()
        done = self.folder / "done"
        command = f"trap 'echo asked; sleep 1; echo bye; echo x > {done}; exit 0' TERM; echo up; while :; do sleep 0.1; done"
        task = process.add(project, "graceful", command, cron="0 0 1 1 *", kill_grace_s=20)
        run_id = process.trigger(project, task)
        eventually(lambda: processes_of(f"GOPHERCRON_RUN={run_id}"), "the command runs")
        self.assertEqual(process.stop(signal.SIGINT), 0, process.log_text())
        self.assertTrue(done.exists(), "the command got no grace")
        self.assertEqual(processes_of(f"GOPHERCRON_RUN={run_id}"), [])
        self.assertFalse((process.data / "api.json").exists(), "api.json outlived its process")

        process.start()
        run = process.api.call("GET", f"/runs/{run_id}")
        self.assertEqual(run["state"], "ended")
        self.assertEqual(run["outcome"], "killed", run)
        out = process.cli("run", "log", run_id).out
        # The shell may say that the sleep it waited for was ended too.
        self.assertEqual([line for line in out.splitlines() if line != "Terminated"], ["up", "asked", "bye"])

    def test_a_command_that_ignores_term_is_ended_after_its_grace(self):
        process = self.standalone()
        project = process.project()
        task = process.add(project, "stubborn", "trap '' TERM; while :; do sleep 0.1; done", cron="0 0 1 1 *", kill_grace_s=1)
        run_id = process.trigger(project, task)
        eventually(lambda: processes_of(f"GOPHERCRON_RUN={run_id}"), "the command runs")
        self.assertEqual(process.stop(signal.SIGINT), 0)
        self.assertEqual(processes_of(f"GOPHERCRON_RUN={run_id}"), [])
        process.start()
        self.assertEqual(process.api.call("GET", f"/runs/{run_id}")["outcome"], "killed")

    def test_a_second_signal_cuts_the_grace_short(self):
        process = self.standalone()
        project = process.project()
        task = process.add(project, "stubborn", "trap '' TERM; while :; do sleep 0.1; done", cron="0 0 1 1 *", kill_grace_s=600)
        run_id = process.trigger(project, task)
        eventually(lambda: processes_of(f"GOPHERCRON_RUN={run_id}"), "the command runs")
        process.process.send_signal(signal.SIGINT)
        eventually(lambda: "stop" in process.log_text().lower(), "it says that it stops")
        process.process.send_signal(signal.SIGINT)
        process.process.wait(60)
        self.assertEqual(processes_of(f"GOPHERCRON_RUN={run_id}"), [])


class Restart(Case):
    def test_everything_is_still_there(self):
        process = self.standalone()
        project = process.project("kept project")
        task = process.add(project, "kept task", "echo kept output", remark="kept remark", environment={"A": "b"})
        eventually(lambda: len(process.api.items(f"/runs?project={project}&task={task}&outcome=succeeded")) >= 3, "three runs")
        before = process.api.call("GET", f"/projects/{project}/tasks/{task}")
        self.assertEqual(process.stop(), 0)
        process.start()
        after = process.api.call("GET", f"/projects/{project}/tasks/{task}")
        for member in ("task_id", "name", "remark", "command", "cron", "environment", "revision", "created_at", "updated_at"):
            self.assertEqual(after[member], before[member], member)
        runs = process.api.items(f"/runs?project={project}&task={task}&outcome=succeeded")
        self.assertGreaterEqual(len(runs), 3)
        self.assertEqual(process.cli("run", "log", runs[-1]["run_id"]).out, "kept output\n")
        self.assertEqual({tuple(map(tuple, rows)) for rows in integrity(process.data).values()}, {(("ok",),)})

    def test_secrets_are_private(self):
        process = self.standalone()
        self.assertEqual(stat.S_IMODE(process.data.stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE((process.data / "api.json").stat().st_mode), 0o600)


class OneFolder(Case):
    def test_a_second_process_is_refused_and_disturbs_nothing(self):
        process = self.standalone()
        before = (process.data / "api.json").read_text()
        second = subprocess.run([BIN, "standalone", "--data", str(process.data), "--listen", "127.0.0.1:0"],
                                capture_output=True, text=True, timeout=60, env=environment(), check=False)
        self.assertEqual(second.returncode, 1, second)
        self.assertIn(str(process.data), second.stderr)
        self.assertRegex(second.stderr, rf"\b{process.process.pid}\b", "it does not say who uses the folder")
        self.assertEqual((process.data / "api.json").read_text(), before)
        self.assertEqual(process.cli("project", "list").code, 0)

    def test_a_taken_port_is_a_clear_refusal(self):
        process = self.standalone()
        address = process.api.host
        second = subprocess.run([BIN, "standalone", "--data", str(self.folder / "other"), "--listen", address],
                                capture_output=True, text=True, timeout=60, env=environment(), check=False)
        self.assertEqual(second.returncode, 1, second)
        self.assertIn(address, second.stderr)

    def test_a_folder_that_cannot_be_used_is_a_clear_refusal(self):
        blocked = self.folder / "file"
        blocked.write_text("not a folder")
        refused = subprocess.run([BIN, "standalone", "--data", str(blocked), "--listen", "127.0.0.1:0"],
                                 capture_output=True, text=True, timeout=60, env=environment(), check=False)
        self.assertEqual(refused.returncode, 1, refused)
        self.assertIn(str(blocked), refused.stderr)


class Told(Case):
    def test_somebody_is_told_of_trouble_once_and_of_its_end(self):
        told = []

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                text = self.headers["X-Gophercron-Timestamp"].encode() + b"." + body
                mac = hmac.new(b"a secret", text, "sha256").hexdigest()
                told.append((json.loads(body), self.headers["X-Gophercron-Signature"] == f"sha256={mac}"))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        self.addCleanup(receiver.server_close)
        self.addCleanup(receiver.shutdown)
        process = self.standalone("--notify-url", f"http://127.0.0.1:{receiver.server_port}/",
                                  env={"GOPHERCRON_NOTIFY_SECRET": "a secret"})
        project = process.project()
        task = process.add(project, "backup", "exit 3")
        path = f"/projects/{project}/tasks/{task}"
        eventually(lambda: len([r for r in process.api.items(path + "/runs") if r["outcome"] == "failed"]) >= 3,
                   "it has failed three times")
        process.api.call("PATCH", path, {"command": "true"})
        eventually(lambda: any(t["kind"] == "recovered" for t, _ in told), "its recovery is told")
        self.assertEqual([t["kind"] for t, _ in told], ["failed", "recovered"])
        self.assertTrue(all(signed for _, signed in told), told)
        self.assertEqual((told[0][0]["task_name"], told[0][0]["detail"]), ("backup", "exit code 3"))


if __name__ == "__main__":
    main()
