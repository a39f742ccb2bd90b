#include "sim/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "schedule/retry.h"

namespace gophercron::sim {

namespace {

using Row = storage::LedgerRow;
constexpr std::size_t kViolationsMax = 20;

std::string Show(Instant at) {
  return FormatRfc3339(at);
}

class Checker {
 public:
  explicit Checker(World& world) : world_(world), evidence_(world.evidence()) {}

  Verdict Run() {
    for (const Start& start : evidence_.starts) by_run_.emplace(start.run_id, &start);
    verdict_.started = static_cast<std::int64_t>(evidence_.starts.size());
    CheckStarts();
    CheckOverlap();
    for (const auto& [key, versions] : evidence_.versions) {
      ReadLedger(key);
      CheckExpected(key, versions);
      CheckRows(key);
    }
    CheckRunsAreRecorded();
    CheckTriggers();
    return std::move(verdict_);
  }

 private:
  template <class... Args>
  void Violation(fmt::format_string<Args...> format, Args&&... args) {
    if (verdict_.violations.size() < kViolationsMax) {
      verdict_.violations.push_back(fmt::format(format, std::forward<Args>(args)...));
    }
  }

  bool Crashed(const std::string& node, Instant from) const {
    return evidence_.Happened(Happening::What::kCrash, node, from, Instant::max());
  }

  // No tick twice, none early, none by a definition known to be old, none without a session.
  void CheckStarts() {
    Ticks ticks;
    std::set<std::string> run_ids;
    std::map<task::TaskKey, std::int64_t> fences;
    for (const Start& start : evidence_.starts) {
      if (!run_ids.insert(start.run_id).second) {
        Violation("run {} was started twice", start.run_id);
      }
      if (!start.lease_alive) {
        Violation("run {} was started on {} at {} without a session", start.run_id, start.node,
                  Show(start.at));
      }
      if (start.delivered != start.revision) {
        Violation("run {} was started on {} at {} by revision {}, and {} was known", start.run_id,
                  start.node, Show(start.at), start.revision, start.delivered);
      }
      if (!start.tick) continue;
      if (const auto [first, fresh] =
              ticks.try_emplace({start.task, *start.tick, start.attempt, PlaceOf(start)}, &start);
          !fresh) {
        Violation("tick {} of task {} was started twice: on {} at {} and on {} at {}",
                  Show(*start.tick), start.task.task_id, first->second->node,
                  Show(first->second->at), start.node, Show(start.at));
      }
      if (start.attempt > 1) CheckAttempt(start, ticks);
      if (start.wall < *start.tick) {
        Violation("tick {} of task {} was started early on {}, at {} of its clock",
                  Show(*start.tick), start.task.task_id, start.node, Show(start.wall));
      }
      CheckPlanned(start);
    }
  }

  // Of a broadcast task each node has its own tick.
  using Ticks = std::map<std::tuple<task::TaskKey, TickInstant, int, std::string>, const Start*>;
  std::string PlaceOf(const Start& start) const {
    return Broadcast(start) ? start.node : std::string();
  }

  // A further attempt follows one that ended badly, or that was lost where the task asks for it.
  void CheckAttempt(const Start& start, const Ticks& ticks) {
    const auto version =
        std::ranges::find(evidence_.versions.at(start.task), start.revision, &Version::revision);
    if (version == evidence_.versions.at(start.task).end()) return;  // told elsewhere
    const task::Task& task = version->task;
    const bool lost_too = task.on_lost == task::OnLost::kRetry;
    const int most = 1 + std::max(task.retry.max_number, lost_too ? schedule::kLostRetriesMin : 0);
    if (start.attempt > most) {
      Violation("run {} is attempt {} of a tick that may have {}", start.run_id, start.attempt,
                most);
    }
    const auto found = ticks.find({start.task, *start.tick, start.attempt - 1, PlaceOf(start)});
    // One that was claimed and never started may be lost as well.
    if (found == ticks.end()) {
      if (!lost_too) {
        Violation("run {} is attempt {}, and there was none before it", start.run_id,
                  start.attempt);
      }
      return;
    }
    const Start& before = *found->second;
    const bool ended = before.ended && *before.ended <= start.at && before.reported;
    const bool badly = before.end != process::End::kKilled &&
                       (before.end != process::End::kExited || before.code != 0);
    if ((!ended || !badly) && !lost_too) {
      Violation("run {} is attempt {}, and run {} before it {}", start.run_id, start.attempt,
                before.run_id, ended ? "did not fail" : "had not ended");
    }
  }

  // A start must be a tick of the definition it was started by.
  void CheckPlanned(const Start& start) {
    const auto& versions = evidence_.versions.at(start.task);
    const auto version = std::ranges::find(versions, start.revision, &Version::revision);
    if (version == versions.end() || version->deleted) {
      Violation("run {} was started by revision {}, which was never saved", start.run_id,
                start.revision);
      return;
    }
    if (!version->task.enabled || !version->pattern.Matches(*start.tick)) {
      Violation("run {} was started for {}, which revision {} does not plan", start.run_id,
                Show(*start.tick), start.revision);
    }
    // What is claimed after a save is claimed by what was saved.
    Revision newest = 0;
    for (const Version& one : versions) {
      if (one.revision < start.fence) newest = std::max(newest, one.revision);
    }
    if (start.revision < newest) {
      Violation("run {} was claimed at revision {} and ran definition {}, although {} was saved",
                start.run_id, start.fence, start.revision, newest);
    }
  }

  // By the definition that was run.
  bool Broadcast(const Start& start) const {
    const auto& versions = evidence_.versions.at(start.task);
    const auto version = std::ranges::find(versions, start.revision, &Version::revision);
    return version != versions.end() && version->task.broadcast;
  }

  bool SkipsOverlap(const Start& start) const {
    const auto run = world_.ledger().RunById(start.run_id);
    // A manual run may be asked for with leave to overlap; the ledger does not say, so none counts.
    return start.tick.has_value() && !start.may_overlap &&
           (!run || run->cause != task::Cause::kManual);
  }

  void CheckOverlap() {
    std::map<task::TaskKey, std::vector<const Start*>> by_task;
    for (const Start& start : evidence_.starts) by_task[start.task].push_back(&start);
    for (const auto& [key, starts] : by_task) {
      for (std::size_t i = 0; i < starts.size(); ++i) CheckOverlapOf(starts, i);
    }
  }

  // Runs that were still going when run `i` started.
  void CheckOverlapOf(const std::vector<const Start*>& starts, std::size_t i) {
    const Start& later = *starts[i];
    if (!SkipsOverlap(later)) return;
    for (std::size_t j = i; j-- > 0 && i - j < 50;) {
      const Start& earlier = *starts[j];
      if (!SkipsOverlap(earlier)) continue;
      if (earlier.node != later.node && (Broadcast(earlier) || Broadcast(later))) continue;
      const Instant ended = earlier.ended.value_or(Instant::max());
      if (ended <= later.at || earlier.end == process::End::kFailedToStart) continue;
      // A run whose agent lost its session counts as gone; it is flagged afterwards.
      const bool lost =
          earlier.node != later.node &&
          (evidence_.Happened(Happening::What::kCrash, earlier.node, earlier.at, later.at) ||
           LeaseEnded(earlier, later.at));
      if (lost) continue;
      Violation("run {} was started on {} at {} while run {} of the same task was going on {}",
                later.run_id, later.node, Show(later.at), earlier.run_id, earlier.node);
    }
  }

  // The agent may hear of the end of its session much later than it ends.
  bool LeaseEnded(const Start& start, Instant before) const {
    for (const Happening& one : evidence_.happenings) {
      if (one.node != start.node || one.at < start.at - seconds(15)) continue;
      if (one.what == Happening::What::kSessionEnd) return true;
      if (one.at > before) break;
      if (one.what == Happening::What::kPause || one.what == Happening::What::kCut) return true;
    }
    return false;
  }

  void ReadLedger(const task::TaskKey& key) {
    rows_.clear();
    storage::LedgerQuery query;
    query.task = key;
    query.limit = 1000;
    while (true) {
      const auto page = world_.ledger().ListLedger(query);
      if (!page || page->empty()) break;
      for (const Row& row : *page) {
        if (row.span) {
          rows_.emplace(row.span->last, row);
        } else if (!row.runs.empty() && row.runs.front().tick) {
          rows_.emplace(*row.runs.front().tick, row);
        }
      }
      const Row& last = page->back();
      query.before = last.span ? last.span->first
                               : last.runs.front().tick.value_or(
                                     std::chrono::floor<seconds>(last.runs.front().claimed_at));
      if (page->size() < 1000) break;
    }
  }

  const Row* RowOf(TickInstant tick) const {
    const auto row = rows_.lower_bound(tick);
    if (row == rows_.end()) return nullptr;
    if (row->first == tick) return &row->second;
    return row->second.span && row->second.span->first <= tick ? &row->second : nullptr;
  }

  // Somebody was there from before the tick until the change had been seen.
  bool Attended(TickInstant tick, Instant change) const {
    const Instant from = tick - seconds(30);
    const Instant to = change + seconds(30);
    std::set<std::string> troubled;
    for (const Happening& one : evidence_.happenings) {
      if (one.at >= from - seconds(420) && one.at <= to) troubled.insert(one.node);
    }
    return troubled.size() < world_.nodes() && !world_.options().losses &&
           !world_.options().store_outages && !world_.options().slow_network;
  }

  bool AnythingHappened(TickInstant tick) const {
    return world_.options().store_outages || world_.options().losses ||
           std::ranges::any_of(evidence_.happenings, [&](const Happening& one) {
             return one.at >= tick - seconds(420) && one.at <= tick + seconds(60);
           });
  }

  // Every tick that was planned has an outcome.
  void CheckExpected(const task::TaskKey& key, const std::vector<Version>& versions) {
    for (std::size_t i = 0; i < versions.size(); ++i) {
      const Version& version = versions[i];
      if (version.deleted || !version.task.enabled) continue;
      std::optional<Instant> until;
      for (std::size_t next = i + 1; next < versions.size() && !until; ++next) {
        if (versions[next].deleted || !task::SameSchedule(version.task, versions[next].task)) {
          until = versions[next].at;
        }
      }
      if (i > 0 && !versions[i - 1].deleted &&
          task::SameSchedule(version.task, versions[i - 1].task)) {
        continue;  // the schedule is the one before's
      }
      const TickInstant end =
          std::chrono::floor<seconds>(until.value_or(world_.Now() - seconds(200)));
      for (TickInstant tick = std::chrono::floor<seconds>(version.at) + seconds(1); tick <= end;
           tick += seconds(1)) {
        if (!version.pattern.Matches(tick)) continue;
        ++verdict_.expected;
        if (RowOf(tick) != nullptr) continue;
        // Of a node that was not there nothing is expected, and all may have been away.
        if (version.task.broadcast && AnythingHappened(tick)) {
          ++verdict_.tolerated;
          continue;
        }
        // A clock that ran ahead has moved the mark beyond the beginning of the new schedule: its
        // ticks up to there are held by the mark, and an alarm says so.
        const bool held = i > 0 && world_.options().clock_steps && tick <= version.at + seconds(80);
        if (held || (until && !Attended(tick, *until))) {
          ++verdict_.tolerated;
        } else {
          Violation("tick {} of task {} is not in the ledger", Show(tick), key.task_id);
        }
      }
    }
  }

  void CheckRows(const task::TaskKey& key) {
    for (const auto& [last, row] : rows_) {
      if (row.span) CheckSpan(key, *row.span);
    }
  }

  void CheckSpan(const task::TaskKey& key, const task::OutcomeSpan& span) {
    for (const auto& start : evidence_.starts) {
      if (start.task == key && start.tick && *start.tick >= span.first &&
          *start.tick <= span.last && RowOf(*start.tick) != nullptr && RowOf(*start.tick)->span) {
        Violation("tick {} of task {} was started, and the ledger says {} ({})", Show(*start.tick),
                  key.task_id, task::Name(span.outcome), task::Name(span.reason));
      }
    }
    if (span.reason == task::Reason::kNotRecorded && !evidence_.answers_lost &&
        !evidence_.AnyHappened(Happening::What::kCrash) && !world_.options().partitions &&
        !world_.options().pauses && !world_.options().store_outages) {
      Violation("tick {} of task {} is not_recorded, and no agent died", Show(span.first),
                key.task_id);
    }
  }

  // Every command that ran stands in the ledger as it ended, and nothing else does.
  void CheckRunsAreRecorded() {
    for (const Start& start : evidence_.starts) {
      const auto run = world_.ledger().RunById(start.run_id);
      if (!run) {
        Violation("run {} of task {} was started on {} at {} and is not in the ledger",
                  start.run_id, start.task.task_id, start.node, Show(start.at));
        continue;
      }
      CheckRun(start, *run);
    }
    for (const auto& [key, versions] : evidence_.versions) {
      storage::RunQuery query;
      query.task = key;
      query.limit = 100'000;
      const auto runs = world_.ledger().ListRuns(query);
      if (!runs) continue;
      for (const auto& run : *runs) CheckRecorded(run);
    }
  }

  // Whatever somebody asked for has an answer.
  void CheckTriggers() {
    for (const Asked& asked : evidence_.triggers) {
      if (world_.ledger().RunById(asked.run_id)) continue;
      Violation("run {} of task {} was asked for at {} and is not in the ledger", asked.run_id,
                asked.task.task_id, Show(asked.at));
    }
  }

  void CheckRun(const Start& start, const task::RunRecord& run) {
    using task::Outcome;
    if (run.outcome == Outcome::kLost) {
      if (!Crashed(start.node, start.at)) {
        Violation("run {} is lost, and its agent on {} lived", start.run_id, start.node);
      }
      return;
    }
    Outcome truth = Outcome::kFailed;
    if (start.end == process::End::kFailedToStart) truth = Outcome::kFailedToStart;
    if (start.end == process::End::kKilled) truth = Outcome::kKilled;
    if (start.end == process::End::kTimedOut) truth = Outcome::kTimedOut;
    if (start.end == process::End::kExited && start.code == 0) truth = Outcome::kSucceeded;
    if (run.outcome != truth) {
      Violation("run {} ended {} and the ledger says {}", start.run_id, task::Name(truth),
                task::Name(run.outcome));
    }
    if (run.task_revision != start.revision) {
      Violation("run {} ran revision {} and the ledger says {}", start.run_id, start.revision,
                run.task_revision);
    }
  }

  void CheckRecorded(const task::RunRecord& run) {
    if (by_run_.contains(run.run_id)) return;
    switch (run.outcome) {
      case task::Outcome::kSucceeded:
      case task::Outcome::kFailed:
      case task::Outcome::kTimedOut:
      case task::Outcome::kFailedToStart:
        Violation("run {} never happened and the ledger says {}", run.run_id,
                  task::Name(run.outcome));
        return;
      case task::Outcome::kLost:
        // Claimed, and the session ended before the answer came: others could not know better.
        if (!Crashed(run.node_id, run.claimed_at - seconds(75)) &&
            !evidence_.Happened(Happening::What::kSessionEnd, run.node_id,
                                run.claimed_at - seconds(15), run.claimed_at + seconds(120))) {
          Violation("run {} was not started and is lost, and its agent on {} lived", run.run_id,
                    run.node_id);
        }
        return;
      default:
        return;
    }
  }

  World& world_;
  const Evidence& evidence_;
  Verdict verdict_;
  std::map<std::string, const Start*> by_run_;
  std::map<TickInstant, Row> rows_;
};

}  // namespace

Verdict Check(World& world) {
  return Checker(world).Run();
}

}  // namespace gophercron::sim
