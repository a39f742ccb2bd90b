"""A real cluster on this machine for people to look at: three etcd members, MariaDB, two services, three clients.
Everything it keeps is in the folder given (build/cluster), begun anew each time. Ctrl-C stops it."""
import pathlib
import secrets
import shutil
import signal
import sys

from parts import BIN, Client, Etcd, MariaDb, Service, eventually


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/cluster").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    password = secrets.token_urlsafe(12)
    started = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        print("starting three etcd members …", flush=True)
        etcd = Etcd(folder / "etcd", size=3)
        started.append(etcd)
        etcd.start()
        print("starting MariaDB …", flush=True)
        maria = MariaDb(folder / "mariadb")
        started.append(maria)
        maria.start()
        ports = [member.port for member in etcd.members]
        services = []
        for i in range(2):
            print(f"starting service {i} …", flush=True)
            services.append(Service(f"service{i}", folder / f"service{i}", ports, maria.port))
            started.append(services[-1])
            services[-1].start(password)
        api = services[0].api
        project = api.call("POST", "/projects", {"title": "demo"})["project_id"]
        for i in range(3):
            print(f"starting client {i} …", flush=True)
            client = Client(f"node{i}", folder / f"client{i}", ports, [project], maria.port)
            started.append(client)
            client.start()
        eventually(lambda: len(api.call("GET", "/nodes")["items"]) == 3, "three nodes are there")
        for name, cron, command in (("every second", "* * * * * * *", "echo tick $GOPHERCRON_TICK on $(hostname)"),
                                    ("every ten seconds", "*/10 * * * * * *", "sleep 3; echo done"),
                                    ("always fails", "*/15 * * * * * *", "echo no backup disk >&2; exit 3")):
            api.call("POST", f"/projects/{project}/tasks", {"name": name, "cron": cron, "command": command})
        url, token = api.url, api.token
        print(f"""
The cluster is up. Everything it keeps and every log is below {folder}

  console       {services[0].api.url}/admin/  or  {services[1].api.url}/admin/
                account admin, password {password}
  command line  export GOPHERCRON_URL={url} GOPHERCRON_TOKEN={token}
                {BIN} node list
                {BIN} task list
                {BIN} run list
  etcd          etcdctl --endpoints {','.join(f'127.0.0.1:{port}' for port in ports)} get --prefix /gopher_cron
  MariaDB       mariadb --socket {folder / 'mariadb' / 'sock'} -uroot gopherCron

Kill what you like: {', '.join(f'{p.name} {p.process.pid}' for p in started[2:])}
Ctrl-C stops all of it.""", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        print("stopping …", flush=True)
        for part in reversed(started):
            part.stop()


if __name__ == "__main__":
    main()
