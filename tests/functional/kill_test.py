"""kill -9, again and again, while tasks fire and people save.

Evidence comes from the commands themselves: the first thing each does is to append its task and its planned instant
to a file. What should have happened comes from an oracle of ten lines that knows only `*/n * * * * * *`. In the end, for
every planned instant of every task: at most one evidence, exactly one outcome in the ledger, and the two agree. Every save
that was acknowledged is there, every database is whole, and no command is left.

GOPHERCRON_KILLS says how often (200), GOPHERCRON_TEST_SEED which random moments.
"""
import calendar
import collections
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from harness import BIN, Case, Problem, Standalone, environment, eventually, integrity, main, processes_of, seed

KILLS = int(os.environ.get("GOPHERCRON_KILLS", "200"))
SETTLE_S = 150  # the auditor looks for gaps once a minute


def epoch(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def stamp(second):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def oracle(period, after, until):
    """Every second of (after, until] that `*/period` names in UTC."""
    return [second for second in range(int(after) + 1, int(until) + 1) if second % 60 % period == 0]


class Saver(threading.Thread):
    """Saves without pause and remembers what was acknowledged. A process that dies under it is expected."""

    def __init__(self, api, project, task, state):
        super().__init__(daemon=True)
        self.api, self.project, self.task, self.state = api, project, task, state
        self.stopping = False

    def run(self):
        while not self.stopping:
            number = self.state["tried"] = self.state["tried"] + 1
            try:
                self.api.call("PATCH", f"/projects/{self.project}/tasks/{self.task}", {"remark": str(number)},
                              [("If-Match", self.etag())])
                self.state["saved"] = number
                if number % 20 == 0:
                    made = self.api.call("POST", f"/projects/{self.project}/tasks",
                                         {"name": f"made {number}", "cron": "0 0 1 1 *", "command": "true", "enabled": False})
                    self.state["made"].append(made["task_id"])
            except (OSError, Problem, ValueError, ConnectionError) as failure:
                if isinstance(failure, Problem):
                    self.state["problems"].append(str(failure))
                return
            except Exception as failure:  # http.client's own: a connection that was cut
                self.state["cut"] = repr(failure)
                return

    def etag(self):
        return self.api.raw("GET", f"/api/v2/projects/{self.project}/tasks/{self.task}")[1]["etag"]


class Kill(Case):
    def test_no_tick_twice_none_silent_nothing_acknowledged_lost(self):
        self.dice = random.Random(seed())
        self.evidence = self.folder / "evidence"
        self.evidence.touch()
        self.process = self.standalone("--quiet", env={"PATH": os.environ["PATH"]})
        self.project = self.process.project()
        self.tasks = {}
        for name, period, more in (("skip", 1, {"catch_up": {"mode": "skip"}}),
                                   ("latest", 1, {"catch_up": {"mode": "latest"}}),
                                   ("all", 1, {"catch_up": {"mode": "all", "max_age_s": 60, "max_number": 3}}),
                                   ("allow", 1, {"overlap": "allow", "slow": 2}),
                                   ("two", 2, {}),
                                   ("three", 3, {"overlap": "queue", "slow": 4}),
                                   ("seven", 7, {"overlap": "replace", "slow": 9, "kill_grace_s": 1}),
                                   ("long", 5, {"slow": 30, "kill_grace_s": 1})):
            slow = more.pop("slow", 0)
            command = f"echo $GOPHERCRON_TASK $GOPHERCRON_TICK >> {self.evidence}" + (f"; sleep {slow}" if slow else "")
            task = self.process.add(self.project, name, command, cron=f"*/{period} * * * * * *",
                                    environment={"KILL_TEST": str(self.folder)}, **more)
            since = self.process.api.call("GET", f"/projects/{self.project}/tasks/{task}")["scheduled_since"]
            self.tasks[task] = (name, period, epoch(since))
        saved = self.process.add(self.project, "saved", "true", cron="0 0 1 1 *")
        state = {"tried": 0, "saved": 0, "made": [], "problems": [], "cut": None}

        for number in range(KILLS):
            if self.dice.random() < 0.15:
                self.kill_while_it_starts()
            if not self.process.process:
                self.process.start()
            self.check_saved(saved, state)
            saver = Saver(self.process.api, self.project, saved, state)
            saver.start()
            self.wait_for_a_moment()
            self.process.kill()
            saver.stopping = True
            saver.join(60)
            if number % 20 == 19:
                self.check_databases()
                print(f"{number + 1} kills, {state['saved']} saves acknowledged, "
                      f"{len(self.evidence.read_text().splitlines())} commands started", file=sys.stderr, flush=True)

        self.process.start()
        self.check_saved(saved, state)
        ids = {task["task_id"] for task in self.process.api.items(f"/projects/{self.project}/tasks")}
        self.assertEqual(set(state["made"]) - ids, set(), "an acknowledged task is not there")
        self.assertEqual(state["problems"], [])
        self.assertGreater(state["saved"], KILLS // 2, f"hardly anything was saved: {state}")
        until = int(time.time())
        eventually(lambda: int(time.time()) > until + 5, "a few seconds without a kill")
        self.check_ticks(until)
        self.assertEqual(self.process.stop(), 0, self.process.log_text()[-3000:])
        self.assertEqual(processes_of(f"KILL_TEST={self.folder}"), [], "commands are left")
        self.check_databases()
        self.assertNotIn("Sanitizer", self.process.log_text())

    def kill_while_it_starts(self):
        with open(self.process.log, "ab") as log:
            child = subprocess.Popen([BIN, "standalone", "--data", str(self.process.data), "--listen", "127.0.0.1:0", "--quiet"],
                                     stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(self.process.env))
        time.sleep(self.dice.uniform(0, 0.4))
        child.kill()
        child.wait()

    def wait_for_a_moment(self):
        """Half of the kills come around a tick, where claims, starts and results are; the others anywhere."""
        if self.dice.random() < 0.5:
            now = time.time()
            time.sleep(max(0, int(now) + 1 - now + self.dice.uniform(-0.07, 0.12)))
        else:
            time.sleep(self.dice.uniform(0, 1.3))

    def check_saved(self, task, state):
        remark = self.process.api.call("GET", f"/projects/{self.project}/tasks/{task}").get("remark") or "0"
        self.assertGreaterEqual(int(remark), state["saved"], "an acknowledged save is gone")
        self.assertLessEqual(int(remark), state["tried"])

    def check_databases(self):
        """On a copy: looking into a database with a log beside it would change what the next start finds."""
        with tempfile.TemporaryDirectory() as copy:
            for path in self.process.data.glob("*.db*"):
                shutil.copy(path, copy)
            answers = integrity(copy)
        self.assertGreaterEqual(len(answers), 3, answers)
        for name, answer in answers.items():
            self.assertEqual(answer, [("ok",)], name)

    def ledger(self, task, period, until):
        """tick -> (outcome, reason), from the API. A tick with two rows fails."""
        name, _, since = self.tasks[task]
        path = f"/projects/{self.project}/tasks/{task}/ledger?from={stamp(since)}&to={stamp(until + 1)}"
        found, twice = {}, []
        for row in self.process.api.items(path):
            ticks = oracle(period, epoch(row["first"]) - 1, epoch(row["last"]))
            self.assertEqual(len(ticks), row["count"], (name, row))
            entry = (row["outcome"], row["reason"] or "")
            for tick in ticks:
                if tick in found:
                    twice.append((name, stamp(tick), found[tick], entry))
                found[tick] = entry
        self.assertEqual(twice, [], "a tick with two outcomes")
        return found

    def check_ticks(self, until):
        evidence = collections.Counter()
        tasks = {}

        def accounted():
            missing = {}
            for task, (name, period, since) in self.tasks.items():
                tasks[task] = self.ledger(task, period, until)
                silent = [stamp(tick) for tick in oracle(period, since, until) if tick not in tasks[task]]
                if silent:
                    missing[name] = (len(silent), silent[:5])
            self.missing = missing
            return not missing

        try:
            eventually(accounted, "every tick has an outcome", SETTLE_S, every_s=2)
        except AssertionError:
            self.fail(f"silent ticks (how many, the first): {self.missing}")

        for line in self.evidence.read_text().splitlines():
            task, tick = line.split()
            evidence[task, epoch(tick)] += 1
        self.assertEqual([(self.tasks[t][0], stamp(s), n) for (t, s), n in evidence.items() if n > 1], [], "ran twice")

        liars, totals = [], collections.Counter()
        for task, (name, period, since) in self.tasks.items():
            planned = set(oracle(period, since, until))
            for tick, (outcome, reason) in tasks[task].items():
                totals[outcome, reason] += 1
                ran = evidence[task, tick] > 0
                if tick not in planned:
                    liars.append((name, stamp(tick), outcome, "is no tick"))
                if ran and outcome in ("missed", "skipped", "superseded", "failed_to_start"):
                    liars.append((name, stamp(tick), outcome, reason, "but it ran"))
                if not ran and outcome in ("succeeded", "failed", "timed_out"):
                    liars.append((name, stamp(tick), outcome, "but it left no evidence"))
        print("; ".join(f"{o} {r} {n}".replace("  ", " ") for (o, r), n in sorted(totals.items())), file=sys.stderr)
        self.assertEqual(liars[:20], [], f"{len(liars)} rows of the ledger are not what happened")
        self.assertGreater(len(evidence), KILLS // 2, "hardly anything ran")


if __name__ == "__main__":
    main()
