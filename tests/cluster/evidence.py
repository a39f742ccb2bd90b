"""What really ran, as the commands themselves wrote it down, and what the ledger says, compared. Knows nothing of
our cron library: the tests' expressions are simple enough to be expanded here."""
import collections
import datetime
import re

# One line a start: task, planned second, attempt, start in nanoseconds, node's address.
LINE = 'printf "%s %s %s %s %s\\n" "$GOPHERCRON_TASK" "$GOPHERCRON_TICK" "$GOPHERCRON_ATTEMPT" "$(date +%s%N)" "$GOPHERCRON_RUN" >> {file}'


def command(file, after=""):
    return LINE.format(file=file) + (f"; {after}" if after else "")


def unix(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


Start = collections.namedtuple("Start", "task tick attempt at run")


def starts(file):
    found = []
    if not file.exists():
        return found
    for line in file.read_text().splitlines():
        task, tick, attempt, at, run = line.split(" ")
        found.append(Start(task, unix(tick) if tick else None, int(attempt), int(at) / 1e9, run))
    return found


def expected(every_s, begin, end):
    """Ticks of `*/every_s * * * * * *` in [begin, end]; every_s divides 60."""
    first = -(-begin // every_s) * every_s
    return list(range(first, end + 1, every_s))


def twice(found):
    counts = collections.Counter((s.task, s.tick, s.attempt) for s in found if s.tick is not None)
    return [key for key, count in counts.items() if count > 1]


def early(found):
    return [s for s in found if s.tick is not None and s.at < s.tick - 0.001]


class Ledger:
    """What the API says of one task's ticks: planned second -> (outcome, reason)."""

    def __init__(self, api, project, task, every_s):
        self.ticks, self.runs = {}, {}
        for row in api.items(f"/projects/{project}/tasks/{task}/ledger"):
            for tick in range(unix(row["first"]), unix(row["last"]) + 1, every_s):
                self.ticks[tick] = (row["outcome"], row["reason"])
            for run in row["runs"]:
                self.runs[run["run_id"]] = run

    def silent(self, every_s, begin, end):
        return [tick for tick in expected(every_s, begin, end) if tick not in self.ticks]

    def ran(self):
        return {tick for tick, (outcome, _) in self.ticks.items() if outcome not in ("missed", "skipped", "superseded", "lost")}
