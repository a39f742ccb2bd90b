"""A cluster on bad days. Every scenario lets tasks fire while something is broken, then holds what the commands
themselves wrote down against the ledger: no tick twice, none early, none silent, and none that ran without a row.
`--minutes M` goes on with scenarios at random, each on a new cluster, until M minutes are over."""
import argparse
import collections
import contextlib
import http.client
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import evidence
from parts import Client, Etcd, MariaDb, Proxy, Service, eventually, seed

SETTLE_S = 240  # for the ledger: agents come back, the auditor looks every minute


CLOCK_SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(id, now);
  if (id == CLOCK_REALTIME) now->tv_sec += AHEAD_S;
  return result;
}
"""


def build_clock_shim(folder, ahead_s):
    """A library that moves the wall clock of the process that it is loaded into."""
    source, library = folder / "clock_shim.c", folder / f"clock_shim_{ahead_s}.so"
    source.write_text(CLOCK_SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", f"-DAHEAD_S={ahead_s}", "-o", library, source, "-ldl"], check=True)
    return library


class Cluster:
    """Three etcd members, MariaDB, a service, three clients; each client has its own cables to etcd and MariaDB."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gophercron-cluster-"))
        self.clients, self.proxies, self.services = [], {}, []
        self.etcd = Etcd(self.folder / "etcd", size=3, fsync=False).start()
        self.maria = MariaDb(self.folder / "maria").start()
        self.ports = [member.port for member in self.etcd.members]
        self.service = self.add_service()
        self.project = self.service.api.call("POST", "/projects", {"title": "chaos"})["project_id"]
        for i in range(3):
            self.add_client(f"node{i}")
        eventually(lambda: len(self.nodes()) == 3, "three nodes are there")

    def add_service(self):
        service = Service(f"service{len(self.services)}", self.folder / f"service{len(self.services)}", self.ports, self.maria.port)
        self.services.append(service.start())
        return service

    def add_client(self, name, address=None):
        cables = [Proxy(port) for port in self.ports]
        base = Proxy(self.maria.port)
        # One of them has no database of its own and hands its results to the services.
        by_service = name == "node2"
        client = Client(address or name, self.folder / name, [c.port for c in cables], [self.project],
                        None if by_service else base.port)
        self.proxies[name] = cables
        client.cables, client.base = cables, base
        self.clients.append(client.start())
        return client

    def nodes(self):
        return self.service.api.call("GET", "/nodes")["items"]

    def logs(self):
        """The end of every log, for whoever has to find out what went wrong."""
        for process in [*self.services, *self.clients, *self.etcd.members, self.maria]:
            print(f"--- {process.name}, pid {process.process.pid}, {'alive' if process.alive() else 'ended'}", file=sys.stderr)
            print("\n".join(process.log_text().splitlines()[-25:]), file=sys.stderr)

    def close(self):
        for process in [*self.clients, *self.services]:
            with contextlib.suppress(ProcessLookupError):
                process.signal(signal.SIGCONT)
            process.kill()
        self.etcd.stop()
        self.maria.kill()
        for cables in self.proxies.values():
            for cable in cables:
                cable.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Chaos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.random = random.Random(seed())
        cls.cluster = Cluster()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.close()

    def setUp(self):
        self.c = self.cluster
        self.file = self.c.folder / f"evidence-{self._testMethodName}"
        self.tasks = {}
        self.everybody_is_well()

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            self.cluster.logs()
        return result

    # --- the vocabulary

    def api(self, *call):
        return self.c.service.api.call(*call)

    def task(self, every_s, name=None, after="", **more):
        body = {"name": name or f"{self._testMethodName}-{len(self.tasks)}", "cron": f"*/{every_s} * * * * * *",
                "command": evidence.command(self.file, after), "catch_up": {"mode": "skip"}, **more}
        task = self.api("POST", f"/projects/{self.c.project}/tasks", body)["task_id"]
        self.tasks[task] = (every_s, int(time.time()) + 1)
        return task

    def tasks_every_second(self, count):
        return [self.task(1) for _ in range(count)]

    def starts(self):
        return evidence.starts(self.file)

    def wait_for_ticks(self, count, task=None):
        """Until `count` further ticks (of `task`) have run."""
        def how_many():
            return sum(1 for s in self.starts() if task is None or s.task == task)
        before = how_many()
        eventually(lambda: how_many() >= before + count, f"{count} further ticks ran")

    def wait_for_second(self, offset):
        """Until the wall clock is `offset` s into a second: a test of what happens around a tick."""
        now = time.time()
        time.sleep((offset - now) % 1)

    def everybody_is_well(self):
        for client in self.c.clients:
            if not client.alive():
                client.start()
        eventually(lambda: len({n["node_id"] for n in self.c.nodes()}) == len(self.c.clients), "every node is there")

    def end_and_check(self, lost_allowed=False):
        """Pauses the tasks, waits until the ledger is complete, compares."""
        for task in self.tasks:
            self.api("POST", f"/projects/{self.c.project}/tasks/{task}/pause")
        until = int(time.time()) - 1
        for task, (every_s, since) in self.tasks.items():
            def silent():
                ledger = evidence.Ledger(self.c.service.api, self.c.project, task, every_s)
                ran = {s.tick for s in self.starts() if s.task == task and s.tick is not None}
                return ledger.silent(every_s, since + 1, until) == [] and ran <= ledger.ticks.keys() and not self.running(task)
            eventually(silent, f"no tick of {task} is silent", SETTLE_S, 1)
        found = self.starts()
        self.assertEqual(evidence.twice(found), [], "ticks that ran twice")
        self.assertEqual(evidence.early(found), [], "starts before their instant")
        for task, (every_s, since) in self.tasks.items():
            ledger = evidence.Ledger(self.c.service.api, self.c.project, task, every_s)
            for start in found:
                if start.task != task or start.tick is None:
                    continue
                outcome = ledger.ticks.get(start.tick, ("nothing", ""))[0]
                self.assertNotIn(outcome, ("missed", "skipped", "superseded", "nothing"),
                                 f"tick {start.tick} of {task} ran, and the ledger says {ledger.ticks.get(start.tick)}")
            ran = {s.tick for s in found if s.task == task}
            for tick, (outcome, _) in ledger.ticks.items():
                if outcome == "succeeded" and since < tick <= until:
                    self.assertIn(tick, ran, f"tick {tick} of {task} succeeded by the ledger, and left no trace")

    def running(self, task):
        return self.api("GET", f"/projects/{self.c.project}/tasks/{task}/runs?live=true")["items"]

    # --- the scenarios

    def test_quiet(self):
        self.tasks_every_second(10)
        self.wait_for_ticks(80)
        self.end_and_check()
        for task, (every_s, since) in self.tasks.items():
            ledger = evidence.Ledger(self.c.service.api, self.c.project, task, every_s)
            self.assertEqual({o for o, _ in ledger.ticks.values()} - {"superseded"}, {"succeeded"}, ledger.ticks)
        self.assertGreater(len({r["node_id"] for r in ledger.runs.values()}), 1, "the load is spread")

    def test_an_agent_is_killed_just_before_its_tick(self):
        self.tasks_every_second(6)
        self.wait_for_ticks(12)
        for client in self.random.sample(self.c.clients, 2):
            self.wait_for_second(0.96)
            client.kill()
            self.wait_for_ticks(12)
            client.start()
            self.wait_for_ticks(12)
        self.end_and_check()

    def test_an_agent_is_frozen_longer_than_its_session(self):
        self.tasks_every_second(4)
        self.wait_for_ticks(8)
        client = self.random.choice(self.c.clients)
        client.signal(signal.SIGSTOP)
        eventually(lambda: len(self.c.nodes()) == len(self.c.clients) - 1, "its session is over")
        self.wait_for_ticks(8)
        client.signal(signal.SIGCONT)
        self.wait_for_ticks(8)
        self.end_and_check()

    def test_the_leader_of_etcd_is_killed(self):
        self.tasks_every_second(4)
        self.wait_for_ticks(8)
        leader = self.c.etcd.leader()
        leader.kill()
        self.wait_for_ticks(12)
        self.c.etcd.restart(leader)
        eventually(lambda: self.c.etcd.healthy(leader), "the member is back")
        self.wait_for_ticks(8)
        self.end_and_check()

    def test_etcd_has_no_quorum_for_a_while(self):
        self.tasks_every_second(4)
        self.wait_for_ticks(8)
        down = self.random.sample(self.c.etcd.members, 2)
        for member in down:
            member.kill()
        time.sleep(30)  # how long it lasts is the scenario
        for member in down:
            self.c.etcd.restart(member)
        self.wait_for_ticks(12)
        self.end_and_check()

    def test_an_agent_is_cut_off(self):
        self.tasks_every_second(4)
        self.wait_for_ticks(8)
        client = self.random.choice(self.c.clients)
        for cable in client.cables:
            cable.set("hold")
        self.wait_for_ticks(16)
        for cable in client.cables:
            cable.set("pass")
        self.wait_for_ticks(8)
        self.end_and_check()

    def test_answers_to_claims_are_lost(self):
        self.tasks_every_second(4)
        self.wait_for_ticks(8)
        for _ in range(4):
            client = self.random.choice(self.c.clients)
            self.wait_for_second(0.90)
            for cable in client.cables:
                cable.set("mute")
            self.wait_for_second(0.10)
            for cable in client.cables:
                cable.drop()
                cable.set("pass")
            self.wait_for_ticks(8)
        self.end_and_check()

    def test_the_database_is_away_for_a_while(self):
        self.tasks_every_second(4)
        self.wait_for_ticks(8)
        begin = int(time.time()) + 1
        self.c.maria.kill()
        time.sleep(30)  # how long it lasts is the scenario
        end = int(time.time()) - 1
        self.c.maria.up()
        self.wait_for_ticks(8)
        self.end_and_check()
        for task in self.tasks:
            ran = {s.tick for s in self.starts() if s.task == task}
            self.assertEqual([t for t in range(begin, end) if t not in ran], [], "ticks missed while it was away")

    def test_the_service_is_killed_and_replaced(self):
        self.tasks_every_second(4)
        self.wait_for_ticks(8)
        self.c.service.kill()
        self.wait_for_ticks(12)
        self.c.service = self.c.add_service()
        self.wait_for_ticks(8)
        self.end_and_check()

    def test_history_is_compacted_every_second(self):
        self.tasks_every_second(4)
        for _ in range(10):
            self.wait_for_ticks(4)
            self.c.etcd.ctl("compact", str(self.c.etcd.revision()))
        self.end_and_check()

    def test_a_task_is_edited_while_it_fires(self):
        task = self.task(1)
        self.wait_for_ticks(2)
        path = f"/projects/{self.c.project}/tasks/{task}"
        end = time.monotonic() + 8
        edits = 0
        while time.monotonic() < end:
            edits += 1
            self.api("PATCH", path, {"remark": f"edit {edits}"})
        self.assertGreater(edits, 40)
        self.wait_for_ticks(3)
        self.end_and_check()

    def test_output_is_followed_while_the_command_runs(self):
        other = self.c.add_service()
        for service in (self.c.service, other):
            task = self.task(1, after="echo first; sleep 600", overlap="skip")
            run = eventually(lambda: self.running(task), "it runs")[0]["run_id"]
            stream = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
            stream.request("GET", f"/api/v2/runs/{run}/output/stream", headers={"Authorization": "Bearer " + service.api.token})
            answer = stream.getresponse()
            self.assertEqual(answer.status, 200)
            seen = b""
            while b'"first' not in seen:
                piece = answer.readline()
                self.assertTrue(piece, f"the stream ended with {seen!r}")
                seen += piece
            stream.close()
            self.api("POST", f"/projects/{self.c.project}/tasks/{task}/pause")
            self.api("POST", f"/runs/{run}/kill")
            eventually(lambda: not self.running(task), "it is gone")
            del self.tasks[task]

    def test_a_node_with_a_wrong_clock_claims_nothing(self):
        """A fourth node, whose clock stands an hour ahead from its first moment on: whatever it claimed would push marks
        into the future."""
        self.tasks_every_second(2)
        self.wait_for_ticks(4)
        shim = build_clock_shim(self.c.folder, 3600)
        wrong = Client("node3", self.c.folder / "node3", self.c.ports, [self.c.project], self.c.maria.port)
        wrong.start(env={**os.environ, "LD_PRELOAD": str(shim)})
        try:
            def held():
                return [n["holds_why"] for n in self.c.nodes() if n["address"] == "node3" and not n["claims"]]
            said = eventually(held, "it holds")[0]
            self.assertRegex(said, r"clock is (3599|3600)\.\d s ahead")
            self.wait_for_ticks(10)
            self.assertLess(max(s.tick for s in self.starts()), time.time() + 1)
        finally:
            wrong.stop()
        eventually(lambda: all(n["clock_offset_us"] is not None and abs(n["clock_offset_us"]) < 2_000_000
                               for n in self.c.nodes()), "the others know that they agree")
        self.end_and_check()

    def test_a_task_runs_on_every_node(self):
        task = self.task(1, broadcast=True)
        self.wait_for_ticks(30)
        self.api("POST", f"/projects/{self.c.project}/tasks/{task}/pause")
        del self.tasks[task]
        eventually(lambda: not self.running(task), "all have ended")

        def by_tick():
            found = collections.defaultdict(list)
            for run in self.c.service.api.items(f"/projects/{self.c.project}/tasks/{task}/runs"):
                found[run["tick"]].append((run["node_address"], run["outcome"]))
            return found
        ran = {(s.tick, s.run) for s in self.starts()}
        eventually(lambda: sum(len(runs) for runs in by_tick().values()) == len(ran), "every run is in the ledger")
        self.assertEqual(len(ran), len(self.starts()), "a run that was started twice")
        ticks = by_tick()
        for tick in sorted(ticks)[1:-1]:
            self.assertEqual(sorted(ticks[tick]), [(name, "succeeded") for name in ("node0", "node1", "node2")], tick)

    def test_nodes_are_drained_and_reloaded(self):
        """The project goes from node to node: first two are drained, then the third reads that it serves another."""
        self.tasks_every_second(3)
        self.wait_for_ticks(5)
        by_name = {c.name: c for c in self.c.clients}
        ids = {name: client.node_id() for name, client in by_name.items()}

        def holds():
            return {n["address"]: n["holds_why"] for n in self.c.nodes() if not n["claims"]}

        for name in ("node0", "node1"):
            self.api("POST", f"/nodes/{ids[name]}/drain")
        eventually(lambda: holds() == {"node0": "drained by admin", "node1": "drained by admin"}, "two are drained")
        by_name["node0"].stop()
        by_name["node0"].start()
        eventually(lambda: set(holds()) == {"node0", "node1"}, "a restart does not end a drain")
        self.only_on(["node2"])
        self.api("POST", f"/nodes/{ids['node1']}/resume")
        client = by_name["node2"]
        file = client.folder / "client.toml"
        before = file.read_text()
        file.write_text(before.replace(f"projects = [{self.c.project}]", "projects = [999]"))
        self.assertNotEqual(file.read_text(), before)
        client.signal(signal.SIGHUP)
        self.only_on(["node1"])
        file.write_text(before)
        self.api("POST", f"/nodes/{ids['node2']}/reload")
        self.api("POST", f"/nodes/{ids['node0']}/resume")
        self.only_on(["node0", "node1", "node2"], all_of_them=True)
        self.end_and_check()

    def only_on(self, names, all_of_them=False):
        """Until the last nine runs are all on nodes of these names (and each of them had one)."""
        def where():
            items = [run for task in self.tasks
                     for run in self.api("GET", f"/projects/{self.c.project}/tasks/{task}/runs?limit=4")["items"][:4]]
            found = {run["node_address"] for run in items}
            return found == set(names) if all_of_them else found <= set(names)
        eventually(where, f"the last runs are on {names}")

    def test_two_agents_have_the_same_address(self):
        twin = self.c.add_client("twin", address="node0")
        eventually(lambda: len({n["node_id"] for n in self.c.nodes()}) == len(self.c.clients), "both are there")
        self.tasks_every_second(4)
        self.wait_for_ticks(16)
        self.end_and_check()
        twin.stop()
        self.c.clients.remove(twin)

    def test_an_agent_is_restarted_with_results_in_its_spool(self):
        client = self.random.choice(self.c.clients)
        client.base.set("cut")
        self.tasks_every_second(30)
        self.wait_for_ticks(300)
        client.kill()
        client.base.set("pass")
        client.start()
        self.wait_for_ticks(60)
        self.end_and_check()


def at_random(minutes):
    names = unittest.TestLoader().getTestCaseNames(Chaos)
    dice = random.Random(seed())
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        suite = unittest.TestSuite(Chaos(name) for name in dice.sample(names, 4))
        if not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful():
            return 1
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int)
    given, rest = parser.parse_known_args()
    if given.seed is not None:
        os.environ["GOPHERCRON_TEST_SEED"] = str(given.seed)
    if given.minutes:
        sys.exit(at_random(given.minutes))
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
