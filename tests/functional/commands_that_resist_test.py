"""Commands that ignore TERM, fork away, flood or hide: none survives its run, and each end is told as it was."""
import os
import pathlib
import subprocess
import time

from harness import Case, eventually, main, processes_of

NEVER_SOON = "0 0 1 1 *"


class Resisting(Case):
    def setUp(self):
        super().setUp()
        self.process = self.standalone()
        self.project = self.process.project()

    def start(self, command, **more):
        self.task = self.process.add(self.project, "t", command, cron=NEVER_SOON, **more)
        return self.process.trigger(self.project, self.task)

    def run_to_end(self, command, **more):
        return self.process.ended_run(self.start(command, **more), patience_s=120)

    def gone(self, run):
        """Nothing that the run started is left. Shortly after the end is soon enough (P14: grace + 2 s)."""
        eventually(lambda: not processes_of(f"GOPHERCRON_RUN={run['run_id']}"), f"no process of {run} is left", patience_s=10)

    def expect(self, run, outcome, **members):
        self.assertEqual(run["outcome"], outcome, run)
        for member, value in members.items():
            self.assertEqual(run.get(member), value, (member, run))
        self.gone(run)

    def rss_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])


class Ends(Resisting):
    def test_exit_codes_are_told_as_they_were(self):
        for code in (0, 1, 3, 126, 127, 255):
            run = self.run_to_end(f"exit {code}")
            self.expect(run, "succeeded" if code == 0 else "failed", exit_code=code)

    def test_signals_are_told_as_they_were(self):
        for signal in (9, 11, 15):
            run = self.run_to_end(f"kill -{signal} $$; sleep 5")
            self.expect(run, "failed", signal=signal)

    def test_what_cannot_be_started_says_why(self):
        for argv, text in ((["/nonexistent"], "No such file"), (["/etc/passwd"], "Permission denied"), (["/tmp"], "Permission denied")):
            task = self.process.add(self.project, "t", None, cron=NEVER_SOON, argv=argv)
            run = self.process.ended_run(self.process.trigger(self.project, task))
            self.expect(run, "failed_to_start")
            self.assertIn(text, run["detail"])
        run = self.run_to_end("true", cwd="/nonexistent")
        self.expect(run, "failed_to_start")
        self.assertIn("No such file", run["detail"])


class Timeouts(Resisting):
    def test_ignoring_term(self):
        began = time.monotonic()
        run = self.run_to_end("trap '' TERM INT HUP; while :; do sleep 0.2; done", timeout_s=1, kill_grace_s=1)
        self.expect(run, "timed_out")
        self.assertGreaterEqual(time.monotonic() - began, 2)

    def test_exiting_0_at_term_is_still_a_timeout(self):
        run = self.run_to_end("trap 'exit 0' TERM; while :; do sleep 0.1; done", timeout_s=1, kill_grace_s=30)
        self.expect(run, "timed_out")

    def test_a_stopped_process(self):
        self.expect(self.run_to_end("kill -STOP $$", timeout_s=1, kill_grace_s=1), "timed_out")

    def test_forked_twice_in_a_session_of_its_own(self):
        command = "setsid sh -c 'trap \"\" TERM HUP; setsid sleep 1000 & sleep 1000' >/dev/null 2>&1 & sleep 1000"
        self.expect(self.run_to_end(command, timeout_s=1, kill_grace_s=1), "timed_out")

    def test_killing_its_own_process_group(self):
        run = self.run_to_end("setsid sleep 1000 & sleep 1000 & kill -9 0; sleep 1000", timeout_s=60, kill_grace_s=1)
        self.expect(run, "failed", signal=9)


class LeftBehind(Resisting):
    def test_a_double_forked_child_does_not_outlive_its_run(self):
        run = self.run_to_end("(setsid sh -c 'sleep 1000 & sleep 1000' &) ; echo main done")
        self.expect(run, "succeeded", exit_code=0)
        self.assertEqual(self.process.cli("run", "log", run["run_id"]).out, "main done\n")

    def test_a_pipe_held_open_does_not_hold_up_the_end(self):
        began = time.monotonic()
        run = self.run_to_end("setsid sleep 1000 & echo out")
        self.expect(run, "succeeded")
        self.assertLess(time.monotonic() - began, 60)

    def test_a_run_that_closed_its_output_goes_on(self):
        mark = self.folder / "mark"
        run_id = self.start(f"echo before; exec >&- 2>&-; sleep 2; echo x > {mark}; exit 5")
        eventually(lambda: processes_of(f"GOPHERCRON_RUN={run_id}"), "it runs")
        run = self.process.ended_run(run_id)
        self.expect(run, "failed", exit_code=5)
        self.assertTrue(mark.exists())
        self.assertEqual(self.process.cli("run", "log", run_id).out, "before\n")

    def test_a_bystander_is_left_alone(self):
        bystander = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.kill)
        self.expect(self.run_to_end("sleep 1000 & exec sleep 1000", timeout_s=1, kill_grace_s=1), "timed_out")
        self.assertIsNone(bystander.poll())


class Floods(Resisting):
    def test_a_gigabyte_without_a_newline(self):
        self.run_to_end("true")
        before = self.rss_kib()
        run_id = self.start("echo start; head -c 1000000000 /dev/zero | tr '\\0' x; echo; echo end")
        most = 0
        while True:
            most = max(most, self.rss_kib())
            run = self.process.api.call("GET", f"/runs/{run_id}")
            if run["state"] == "ended":
                break
            time.sleep(0.05)
        self.expect(run, "succeeded", output_bytes=6 + 1_000_000_000 + 5)
        # The sanitizers keep freed memory in quarantine; without them what is kept is about a megabyte.
        self.assertLess(most - before, (400 if os.environ.get("GOPHERCRON_SANITIZED") else 64) << 10)
        self.assertGreater(run["dropped_bytes"], 900_000_000)
        log = self.process.cli("run", "log", run_id)
        self.assertTrue(log.out.startswith("start\nxxx"), log.out[:20])
        self.assertTrue(log.out.endswith("xxx\nend\n"), log.out[-20:])
        self.assertEqual(len(log.out), run["output_bytes"] - run["dropped_bytes"])
        self.assertIn("not kept", log.err)

    def test_many_short_lines(self):
        run = self.run_to_end("yes | head -n 2000000")
        self.expect(run, "succeeded", output_bytes=4_000_000)


class Kills(Resisting):
    def test_kill_reaches_everything(self):
        command = "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 1000' & (sleep 1000 &) ; while :; do sleep 0.2; done"
        run_id = self.start(command, kill_grace_s=1)
        eventually(lambda: len(processes_of(f"GOPHERCRON_RUN={run_id}")) >= 3, "it has spread")
        self.process.api.call("POST", f"/runs/{run_id}/kill", {})
        run = self.process.ended_run(run_id)
        self.expect(run, "killed", killed_by="admin")


if __name__ == "__main__":
    main()
