"""GopherCron v1's web front end, played against a real standalone: its requests, in its encoding, and what it reads of
the answers. What it writes acts on the scheduler: that is seen in files which the commands write."""
import http.client
import json
import urllib.parse

from harness import Case, eventually, main


class FrontEnd:
    """As its axios does it: forms in, `access-token` behind, five seconds of patience, code 0 or a message."""

    def __init__(self, url):
        self.host = url.split("//")[1].rstrip("/")
        self.token = ""

    def send(self, method, path, **fields):
        encoded = urllib.parse.urlencode(fields)
        headers = {"Accept": "application/json, text/plain, */*", "Content-Type": "application/x-www-form-urlencoded"}
        if self.token:
            headers["access-token"] = self.token
        target = "/api/v1" + path + ("?" + encoded if method == "GET" and encoded else "")
        # A sanitized program on a busy machine is slower than any browser would wait for.
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, target, None if method == "GET" else encoded, headers)
            answer = connection.getresponse()
            body = json.loads(answer.read())
        finally:
            connection.close()
        return answer.status, body["meta"], body["response"]

    def get(self, path, **fields):
        return self.must(self.send("GET", path, **fields))

    def post(self, path, **fields):
        return self.must(self.send("POST", path, **fields))

    @staticmethod
    def must(answer):
        status, meta, response = answer
        assert (status, meta["code"]) == (200, 0), answer
        return response

    def login(self, account, password):
        user = self.post("/user/login", account=account, password=password)
        self.token = user["token"]
        return user


class V1FrontEnd(Case):
    def test_an_afternoon_with_it(self):
        process = self.standalone(env={"GOPHERCRON_ADMIN_PASSWORD": "a long first password"})
        page = FrontEnd(process.api.url)
        self.assertTrue(page.get("/version").startswith("v"))
        self.assertEqual(page.send("GET", "/user/info")[0], 401)
        self.assertEqual(page.send("POST", "/user/login", account="admin", password="wrong")[1]["code"], 10011)
        user = page.login("admin", "a long first password")
        self.assertIn("admin", user["permission"].split(","))
        self.assertEqual(page.get("/user/info")["name"], user["name"])
        self.assertEqual(page.get("/project/list")["list"], [])
        self.assertIsNone(page.get("/client/list"))

        page.post("/project/create", title="nightly", remark="备注 <&>")
        project = page.get("/project/list")["list"][0]
        self.assertEqual((project["title"], project["remark"], project["task_count"]), ("nightly", "备注 <&>", 0))
        pid = project["project_id"]
        nodes = eventually(lambda: page.get("/crontab/client_list", project_id=pid)["list"], "the node is there")
        node = page.get("/client/list")[0]
        self.assertEqual(nodes, [f"{node['client_ip']}:{node['version']}"])
        page.post("/client/reload/config", client_ip=node["client_ip"], project_id=pid)

        ticks = self.folder / "ticks"
        form = {"project_id": pid, "task_id": "", "name": "every second", "cron": "* * * * * * *", "timeout": 0,
                "command": f"echo tick | tee -a {ticks}", "remark": "", "status": 1, "noseize": 0}
        self.assertIsNone(page.post("/crontab/save", **form))
        task = page.get("/crontab/list", project_id=pid)["list"][0]
        form["task_id"] = task["task_id"]
        eventually(lambda: ticks.exists() and ticks.read_text().count("tick") >= 2, "what was saved runs")
        self.assertEqual(page.post("/crontab/save", **dict(form, status=0))["name"], "every second")
        paused = page.get("/crontab/list", project_id=pid)["list"][0]
        self.assertEqual(paused["status"], 0)

        # Paused: nothing runs but what somebody runs now.
        slow = dict(form, task_id="", name="slow", status=0, command=f"echo up > {self.folder}/up; exec sleep 600")
        page.post("/crontab/save", **slow)
        slow_id = next(t["task_id"] for t in page.get("/crontab/list", project_id=pid)["list"] if t["name"] == "slow")
        page.post("/crontab/execute", project_id=pid, task_id=slow_id)
        eventually((self.folder / "up").exists, "the command runs")
        running = lambda: {t["name"]: t["is_running"] for t in page.get("/crontab/list", project_id=pid)["list"]}
        eventually(lambda: running() == {"every second": 0, "slow": 1}, "it is seen to run")
        page.post("/crontab/kill", project_id=pid, task_id=slow_id)
        eventually(lambda: running()["slow"] == 0, "it is gone")

        logs = lambda task_id: page.get("/log/list", project_id=pid, task_id=task_id, page=1, pagesize=10)
        # What was running when the task was paused goes into the log a moment later.
        eventually(lambda: logs(task["task_id"])["total"] == ticks.read_text().count("tick"), "every run has its row")
        row = logs(task["task_id"])["list"][0]
        self.assertEqual(json.loads(row["result"]), {"result": "tick\n", "system_error": "", "error": ""})
        self.assertEqual((row["client_ip"], row["project"], row["with_error"]), (node["client_ip"], "nightly", 0))
        eventually(lambda: logs(slow_id)["total"] == 1, "the killed run has its row")
        self.assertEqual(json.loads(logs(slow_id)["list"][0]["result"])["system_error"], "timeout")
        days = page.get("/log/recent")
        self.assertEqual(len(days), 7)
        page.post("/log/clean", project_id=pid, task_id=task["task_id"])
        self.assertEqual(logs(task["task_id"])["total"], 0)

        page.post("/user/create", name="Bob", account="bob", password="bobs password")
        page.post("/project/add_user", project_id=pid, user_account="bob")
        members = page.get("/project/users", project_id=pid)["list"]
        self.assertEqual([m["account"] for m in members], ["admin", "bob"])
        bob = FrontEnd(process.api.url)
        bob.login("bob", "bobs password")
        self.assertEqual([p["title"] for p in bob.get("/project/list")["list"]], ["nightly"])
        self.assertEqual(bob.send("GET", "/user/list", page=1, pagesize=20)[1]["code"], 10014)
        self.assertEqual(bob.send("POST", "/project/delete", project_id=pid)[1]["code"], 10014)
        self.assertEqual(bob.send("POST", "/user/change_password", password="x", new_password="another one")[1]["code"], 10011)
        bob.post("/user/change_password", password="bobs password", new_password="another password")
        self.assertEqual(bob.send("GET", "/user/info")[0], 401, "the old session goes on")
        bob.login("bob", "another password")
        page.post("/project/remove_user", project_id=pid, user_id=members[1]["id"])
        self.assertEqual(bob.send("GET", "/crontab/list", project_id=pid)[1]["code"], 10012)
        listed = page.get("/user/list", name="", account="", page=1, pagesize=20)
        self.assertEqual((listed["total"], [u["account"] for u in listed["list"]]), (2, ["admin", "bob"]))
        page.post("/user/delete", id=members[1]["id"])
        self.assertEqual(bob.send("GET", "/project/list")[0], 401)

        page.post("/project/update", project_id=pid, title="weekly", remark="")
        self.assertEqual(page.post("/crontab/delete", project_id=pid, task_id=slow_id)["name"], "slow")
        page.post("/project/delete", project_id=pid)
        self.assertEqual(page.get("/project/list")["list"], [])

    def test_v1s_default_password_opens_nothing_but_its_own_change(self):
        process = self.standalone(env={"GOPHERCRON_ADMIN_PASSWORD": "123456"})
        page = FrontEnd(process.api.url)
        page.login("admin", "123456")
        page.get("/user/info")
        self.assertEqual(page.send("GET", "/project/list")[1]["code"], 10014)
        page.post("/user/change_password", password="123456", new_password="a better one")
        page.login("admin", "a better one")
        page.get("/project/list")


if __name__ == "__main__":
    main()
