"""A real cluster on one machine: etcd members, MariaDB, services and clients as processes of our own on free
ports, each connection through a proxy where a test wants to disturb it. Every listener is checked to belong to the
process that was started for it."""
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "functional"))
from harness import Api, Problem, eventually, seed  # noqa: E402,F401 (used by those who import this)

BIN = os.environ.get("GOPHERCRON_BIN", "build/release/gophercron")
LISTENING = "0A"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(pid, port):
    """Whether process `pid` itself listens on 127.0.0.1:port."""
    inodes = set()
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == LISTENING and int(fields[1].split(":")[1], 16) == port:
            inodes.add(f"socket:[{fields[9]}]")
    for fd in pathlib.Path(f"/proc/{pid}/fd").glob("*"):
        with contextlib.suppress(OSError):
            if os.readlink(fd) in inodes:
                return True
    return False


class Process:
    """One program, its log in `folder`/log, its own process group."""

    def __init__(self, name, folder):
        self.name, self.folder = name, pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = None

    def spawn(self, *command, env=None):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env={**os.environ, **(env or {})}, start_new_session=True)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def must_live(self):
        if not self.alive():
            raise AssertionError(f"{self.name} ended:\n{self.log_text()[-4000:]}")
        return True

    def log_text(self):
        log = self.folder / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self, patience_s=60):
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(patience_s)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.name} did not stop in {patience_s} s:\n{self.log_text()[-4000:]}")
        return self.process.returncode if self.process else 0


class Etcd:
    """`size` members. The first endpoint of a member that is up answers `status`."""

    def __init__(self, folder, size=1, fsync=True):
        self.folder = pathlib.Path(folder)
        self.members = []
        ports = [(free_port(), free_port()) for _ in range(size)]
        cluster = ",".join(f"m{i}=http://127.0.0.1:{peer}" for i, (_, peer) in enumerate(ports))
        for i, (client, peer) in enumerate(ports):
            member = Process(f"etcd m{i}", self.folder / f"m{i}")
            member.port = client
            data = member.folder / "data"
            data.mkdir(mode=0o700, exist_ok=True)
            member.command = ["etcd", "--name", f"m{i}", "--data-dir", data,
                              "--listen-client-urls", f"http://127.0.0.1:{client}",
                              "--advertise-client-urls", f"http://127.0.0.1:{client}",
                              "--listen-peer-urls", f"http://127.0.0.1:{peer}",
                              "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
                              "--initial-cluster", cluster, "--initial-cluster-token", f"t{os.getpid()}-{ports[0][1]}",
                              "--logger", "zap", "--log-outputs", "stderr",
                              "--heartbeat-interval", "50", "--election-timeout", "500"]
            if not fsync:
                member.command.append("--unsafe-no-fsync")
            self.members.append(member)

    def start(self):
        for member in self.members:
            member.spawn(*member.command)
        for member in self.members:
            eventually(lambda m=member: m.must_live() and self.healthy(m), f"{member.name} is healthy")
            assert listens(member.process.pid, member.port), f"{member.name}'s port belongs to somebody else"
        return self

    @staticmethod
    def healthy(member):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{member.port}/health", timeout=2) as answer:
                return json.load(answer).get("health") == "true"
        except (OSError, ValueError):
            return False

    def restart(self, member):
        member.spawn(*member.command)

    def ctl(self, *arguments, member=None):
        ports = [member.port] if member else [m.port for m in self.members if m.alive()]
        endpoints = ",".join(f"127.0.0.1:{port}" for port in ports)
        done = subprocess.run(["etcdctl", "--endpoints", endpoints, *arguments], capture_output=True, text=True,
                              env={**os.environ, "ETCDCTL_API": "3"}, timeout=30)
        if done.returncode != 0:
            raise AssertionError(f"etcdctl {arguments}: {done.stderr}")
        return done.stdout

    def leader(self):
        for member in self.members:
            if not member.alive():
                continue
            status = json.loads(self.ctl("endpoint", "status", "-w", "json", member=member))[0]["Status"]
            if status["leader"] == status["header"]["member_id"]:
                return member
        return None

    def revision(self):
        return json.loads(self.ctl("endpoint", "status", "-w", "json"))[0]["Status"]["header"]["revision"]

    def stop(self):
        for member in self.members:
            member.kill()


class MariaDb(Process):
    def __init__(self, folder):
        super().__init__("mariadbd", folder)
        self.port = free_port()
        self.data = self.folder / "data"
        self.user = ["--user=root"] if os.getuid() == 0 else []

    def start(self):
        if not self.data.exists():
            subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.data}", *self.user,
                            "--auth-root-authentication-method=normal", "--skip-test-db"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.up()
        self.sql("create database if not exists gopherCron character set utf8mb4;"
                 "create user if not exists 'gopher'@'127.0.0.1' identified by 'secret';"
                 "grant all on gopherCron.* to 'gopher'@'127.0.0.1'; flush privileges;", database="")
        return self

    def up(self):
        self.spawn("mariadbd", "--no-defaults", f"--datadir={self.data}", f"--port={self.port}", *self.user,
                   f"--socket={self.folder / 'sock'}", f"--pid-file={self.folder / 'pid'}", "--bind-address=127.0.0.1",
                   "--performance-schema=off", "--innodb-buffer-pool-size=64M", "--skip-log-bin")
        eventually(lambda: self.must_live() and listens(self.process.pid, self.port), "mariadbd listens")

    def sql(self, text, database="gopherCron"):
        done = subprocess.run(["mariadb", "--no-defaults", f"--socket={self.folder / 'sock'}", "-uroot", "-N", "-B",
                               *([database] if database else [])], input=text, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"mariadb: {done.stderr}")
        return [line.split("\t") for line in done.stdout.splitlines()]


class Proxy:
    """A TCP proxy that can misbehave. `mode`: "pass"; "cut": open connections end and new ones are refused;
    "hold": nothing passes, nothing ends (a cable that is out); "mute": what the target answers is swallowed."""

    def __init__(self, target):
        self.target = target
        self.mode = "pass"
        self.lock = threading.Lock()
        self.pairs = []
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.over = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.over:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.mode == "cut":
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
                far.settimeout(None)
            except OSError:
                near.close()
                continue
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.pairs.append((near, far))
            threading.Thread(target=self.serve, args=(near, far), daemon=True).start()

    def serve(self, near, far):
        back = threading.Thread(target=self.pump, args=(far, near, True), daemon=True)
        back.start()
        self.pump(near, far, False)
        back.join()
        with self.lock, contextlib.suppress(ValueError):
            self.pairs.remove((near, far))
        near.close()
        far.close()

    def pump(self, source, sink, answers):
        with contextlib.suppress(OSError):
            while True:
                data = source.recv(1 << 16)
                while self.mode == "hold" and not self.over:
                    time.sleep(0.01)
                if not data:
                    break
                if self.mode == "mute" and answers:
                    continue
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def set(self, mode):
        self.mode = mode
        if mode == "cut":
            self.drop()

    def drop(self):
        """Ends every connection that is open now."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.over = True
        self.listener.close()
        self.drop()


PREFIX = "/gopher_cron"


def etcd_toml(endpoints, projects=None):
    quoted = ", ".join(f'"127.0.0.1:{port}"' for port in endpoints)
    text = f'[etcd]\nservice = [{quoted}]\ndialtimeout = 5000\nprefix = "{PREFIX}"\n'
    if projects is not None:
        text += f"projects = {projects}\nshell = \"/bin/sh\"\n"
    return text


def mysql_toml(port):
    return (f'[mysql]\nservice = "127.0.0.1:{port}"\nusername = "gopher"\npassword = "secret"\n'
            'database = "gopherCron"\n')


class Service(Process):
    """`gophercron service` on a v1 file."""

    def __init__(self, name, folder, etcd_ports, mysql_port, extra=""):
        super().__init__(name, folder)
        self.port = free_port()
        (self.folder / "service.toml").write_text(
            f'log_level = "info"\n[deploy]\nenvironment = "dev"\ntimeout = 5\nhost = ["127.0.0.1:{self.port}"]\n'
            + etcd_toml(etcd_ports) + mysql_toml(mysql_port) + '[jwt]\nsecret = "fjskfjls2ifeew2mn"\nexp = 168\n' + extra)
        self.api = None

    def start(self, password="a long enough password"):
        self.spawn(BIN, "service", "-c", self.folder / "service.toml",
                   env={"GOPHERCRON_ADMIN_PASSWORD": password})
        eventually(lambda: self.must_live() and self.answers(), f"{self.name} answers")
        assert listens(self.process.pid, self.port), f"{self.name}'s port belongs to somebody else"
        url = f"http://127.0.0.1:{self.port}"
        session = Api(url, "").call("POST", "/session", {"account": "admin", "password": password})
        self.api = Api(url, session["token"])
        return self

    def answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False


class Client(Process):
    """`gophercron client` on a v1 file, with a data folder of its own."""

    def __init__(self, name, folder, etcd_ports, projects, mysql_port=None, extra=""):
        super().__init__(name, folder)
        self.data = self.folder / "data"
        top = f'log_level = "info"\n'
        if extra.startswith("report_addr"):
            line, _, extra = extra.partition("\n")
            top += line + "\n"
        (self.folder / "client.toml").write_text(
            top + '[deploy]\nenvironment = "dev"\ntimeout = 5\n' + etcd_toml(etcd_ports, projects)
            + (mysql_toml(mysql_port) if mysql_port else "")
            + f'[agent]\ndata_dir = "{self.data}"\naddress = "{name}"\n' + extra)

    def start(self, env=None):
        self.spawn(BIN, "client", "-c", self.folder / "client.toml", env=env)
        return self

    def node_id(self):
        return (self.data / "node").read_text().strip()
