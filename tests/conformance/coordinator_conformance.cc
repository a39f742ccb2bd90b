#include "coordinator_conformance.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <thread>
#include <vector>

namespace gophercron::coordination {

using testing::ElementsAre;
using testing::HasSubstr;

Result<TxnResult> CoordinatorConformance::Commit(Txn txn) {
  return Ask<TxnResult>([&](auto done) { coordinator().Commit(std::move(txn), std::move(done)); });
}
Result<RangeResult> CoordinatorConformance::Range(RangeRequest request) {
  return Ask<RangeResult>(
      [&](auto done) { coordinator().Range(std::move(request), std::move(done)); });
}
std::unique_ptr<Lease> CoordinatorConformance::Grant(seconds time_to_live) {
  auto lease = Ask<std::unique_ptr<Lease>>(
      [&](auto done) { coordinator().Grant(time_to_live, [] {}, std::move(done)); });
  EXPECT_TRUE(lease) << lease.error().message;
  return lease ? *std::move(lease) : nullptr;
}
void CoordinatorConformance::End(std::unique_ptr<Lease>& lease) {
  const LeaseId ended = lease->id();
  store_->OnLoop([&] { lease.reset(); });
  const Txn under_it{.when = {}, .then = {Put("/ended", "", ended)}, .otherwise = {}};
  while (true) {
    const auto refused = Commit(under_it);
    if (refused) continue;
    EXPECT_EQ(refused.error().code, ErrorCode::kNotFound) << refused.error().message;
    return;
  }
}
TxnResult CoordinatorConformance::Must(Txn txn) {
  auto result = Commit(std::move(txn));
  EXPECT_TRUE(result) << result.error().message;
  return result ? *std::move(result) : TxnResult();
}
Revision CoordinatorConformance::MustPut(std::string key, std::string value, LeaseId lease) {
  return Must({.when = {}, .then = {Put(std::move(key), std::move(value), lease)}, .otherwise = {}})
      .revision;
}
std::optional<KeyValue> CoordinatorConformance::Read(std::string key) {
  const auto got = Range({.begin = std::move(key), .end = {}});
  EXPECT_TRUE(got) << got.error().message;
  if (!got || got->items.empty()) return std::nullopt;
  return got->items.front();
}
std::string CoordinatorConformance::ValueOf(std::string key) {
  const auto item = Read(std::move(key));
  return item ? item->value : "(none)";
}

namespace {

// What a watch was told, in order.
class WatchLog {
 public:
  explicit WatchLog(StoreUnderTest& store) : store_(store) {}
  std::function<void(const WatchBatch&)> Callback() {
    return [this](const WatchBatch& batch) {
      store_.Locked([&] {
        if (batch.lost) lost = true;
        for (const WatchEvent& event : batch.events) {
          const bool put = event.type == WatchEvent::Type::kPut;
          lines.push_back(put ? event.item.key + "=" + event.item.value : "-" + event.item.key);
          revisions.push_back(event.item.mod_revision);
          EXPECT_EQ(event.item.mod_revision, batch.revision);
          if (!put) {
            EXPECT_EQ(event.item.create_revision, 0);
          }
        }
        if (!batch.lost) batches.push_back(batch.revision);
      });
    };
  }
  bool Heard(std::size_t count) {
    return store_.Until([&] { return lines.size() >= count; });
  }

  std::vector<std::string> lines;
  std::vector<Revision> revisions;
  std::vector<Revision> batches;
  bool lost = false;

 private:
  StoreUnderTest& store_;
};

Txn Only(Op op) {
  return {.when = {}, .then = {std::move(op)}, .otherwise = {}};
}
Txn When(Compare compare) {
  return {.when = {std::move(compare)}, .then = {}, .otherwise = {}};
}

TEST_P(CoordinatorConformance, EachWriteTakesTheNextRevisionAndReadsTakeNone) {
  const Revision first = MustPut("/a", "1");
  EXPECT_GT(first, 0);
  EXPECT_EQ(MustPut("/b", "1"), first + 1);
  EXPECT_EQ(Must(Only(Get("/a"))).revision, first + 1);
  EXPECT_EQ(Must(Only(Delete("/none"))).revision, first + 1);
  EXPECT_EQ(Must({.when = {Absent("/a")}, .then = {Put("/c", "1")}, .otherwise = {}}).revision,
            first + 1);
  // Everything that one transaction writes has one revision.
  EXPECT_EQ(Must({.when = {}, .then = {Put("/a", "2"), Put("/c", "1")}, .otherwise = {}}).revision,
            first + 2);
  const auto a = Read("/a");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->create_revision, first);
  EXPECT_EQ(a->mod_revision, first + 2);
  EXPECT_EQ(Read("/c")->create_revision, first + 2);
  // Created anew after a deletion.
  EXPECT_EQ(Must(Only(Delete("/a"))).results.at(0).deleted, 1);
  EXPECT_EQ(MustPut("/a", "3"), first + 4);
  EXPECT_EQ(Read("/a")->create_revision, first + 4);
}

TEST_P(CoordinatorConformance, ComparisonsOfAKeyThatIsThere) {
  const Revision created = MustPut("/k", "m");
  const Revision written = MustPut("/k", "mm");
  using What = Compare::What;
  using Is = Compare::Is;
  const auto holds = [&](What what, Is is, Revision revision, std::string value) {
    return Must(When({.key = "/k",
                      .what = what,
                      .is = is,
                      .revision = revision,
                      .value = std::move(value)}))
        .succeeded;
  };
  for (const auto& [what, have] :
       std::map<What, Revision>{{What::kCreateRevision, created}, {What::kModRevision, written}}) {
    for (const Revision other : {have - 1, have, have + 1}) {
      EXPECT_EQ(holds(what, Is::kEqual, other, ""), have == other);
      EXPECT_EQ(holds(what, Is::kNotEqual, other, ""), have != other);
      EXPECT_EQ(holds(what, Is::kLess, other, ""), have < other);
      EXPECT_EQ(holds(what, Is::kGreater, other, ""), have > other);
    }
  }
  const std::string have = "mm";
  for (const std::string other : {"", "m", "mm", "mmm", "n", "\x7f", "\xff"}) {
    EXPECT_EQ(holds(What::kValue, Is::kEqual, 0, other), have == other);
    EXPECT_EQ(holds(What::kValue, Is::kNotEqual, 0, other), have != other);
    EXPECT_EQ(holds(What::kValue, Is::kLess, 0, other), have < other) << other;
    EXPECT_EQ(holds(What::kValue, Is::kGreater, 0, other), have > other) << other;
  }
}

TEST_P(CoordinatorConformance, AnAbsentKeyHasRevisionsZeroAndNoValueToCompare) {
  using Is = Compare::Is;
  for (const Is is : {Is::kEqual, Is::kNotEqual, Is::kLess, Is::kGreater}) {
    const Compare compare{
        .key = "/none", .what = Compare::What::kValue, .is = is, .revision = 0, .value = "m"};
    EXPECT_FALSE(Must(When(compare)).succeeded);
  }
  EXPECT_TRUE(Must(When(Absent("/none"))).succeeded);
  EXPECT_FALSE(Must(When(Exists("/none"))).succeeded);
  EXPECT_TRUE(Must(When(ModRevisionIs("/none", 0))).succeeded);
  EXPECT_FALSE(Must(When(ValueIs("/none", ""))).succeeded);
}

TEST_P(CoordinatorConformance, AFailedConditionAppliesTheOtherBranchAlone) {
  MustPut("/a", "1");
  const TxnResult result = Must({.when = {Exists("/a"), ValueIs("/a", "2")},
                                 .then = {Put("/a", "wrong")},
                                 .otherwise = {Get("/a"), Put("/b", "other")}});
  EXPECT_FALSE(result.succeeded);
  ASSERT_EQ(result.results.size(), 2u);
  EXPECT_EQ(result.results[0].got->value, "1");
  EXPECT_EQ(ValueOf("/a"), "1");
  EXPECT_EQ(ValueOf("/b"), "other");
}

TEST_P(CoordinatorConformance, AGetSeesWhatCameBeforeItInItsBranch) {
  MustPut("/a", "1");
  const TxnResult result =
      Must({.when = {},
            .then = {Get("/a"), Put("/a", "2"), Get("/a"), Get("/b"), Put("/b", "1"), Get("/b")},
            .otherwise = {}});
  EXPECT_EQ(result.results.at(0).got->value, "1");
  EXPECT_EQ(result.results.at(2).got->value, "2");
  EXPECT_FALSE(result.results.at(3).got);
  EXPECT_EQ(result.results.at(5).got->mod_revision, result.revision);
}

TEST_P(CoordinatorConformance, NestedTransactionsSucceedAndFailEachByItself) {
  MustPut("/a", "1");
  const auto part = [](std::string key) {
    return Nested({.when = {Absent(key)}, .then = {Put(key, "new")}, .otherwise = {Get(key)}});
  };
  const TxnResult result =
      Must({.when = {}, .then = {part("/a"), part("/b"), Put("/c", "1")}, .otherwise = {}});
  ASSERT_EQ(result.results.size(), 3u);
  ASSERT_TRUE(result.results[0].nested && result.results[1].nested);
  EXPECT_FALSE(result.results[0].nested->succeeded);
  EXPECT_EQ(result.results[0].nested->results.at(0).got->value, "1");
  EXPECT_TRUE(result.results[1].nested->succeeded);
  EXPECT_EQ(result.results[0].nested->revision, result.revision);
  EXPECT_EQ(result.results[1].nested->revision, result.revision);
  EXPECT_EQ(ValueOf("/a"), "1");
  EXPECT_EQ(Read("/b")->mod_revision, result.revision);
}

TEST_P(CoordinatorConformance, NestedConditionsAreMadeBeforeAnythingIsWritten) {
  Must({.when = {},
        .then = {Put("/a", "1"), Nested({.when = {Absent("/a")},
                                         .then = {Put("/b", "as before")},
                                         .otherwise = {Put("/b", "as after")}})},
        .otherwise = {}});
  EXPECT_EQ(ValueOf("/b"), "as before");
}

TEST_P(CoordinatorConformance, AKeyIsWrittenOnceInATransaction) {
  const Revision before = MustPut("/seed", "1");
  const std::vector<std::vector<Op>> wrong = {
      {Put("/k", "1"), Put("/k", "2")},
      {Put("/k", "1"), Delete("/k")},
      {DeleteRange("/a", "/z"), Put("/k", "1")},
      {Put("/k", "1"), Nested(Only(Put("/k", "2")))},
      {Nested(Only(Put("/k", "1"))), Nested(Only(Put("/k", "2")))},
  };
  for (const std::vector<Op>& ops : wrong) {
    const auto refused = Commit({.when = {}, .then = ops, .otherwise = {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(ValueOf("/k"), "(none)");
  // Branches exclude each other; deleting twice is harmless.
  Must({.when = {Exists("/k")}, .then = {Put("/k", "1")}, .otherwise = {Put("/k", "2")}});
  EXPECT_EQ(ValueOf("/k"), "2");
  Must(Only(
      Nested({.when = {Exists("/k")}, .then = {Put("/k", "3")}, .otherwise = {Delete("/k")}})));
  EXPECT_EQ(ValueOf("/k"), "3");
  const TxnResult twice =
      Must({.when = {}, .then = {Delete("/k"), DeleteRange("/k", "/l")}, .otherwise = {}});
  EXPECT_EQ(twice.results.at(0).deleted, 1);
  EXPECT_EQ(twice.results.at(1).deleted, 0);
  EXPECT_EQ(twice.revision, before + 3);
}

TEST_P(CoordinatorConformance, TheLimits) {
  const auto puts = [](std::size_t count) {
    Txn txn;
    for (std::size_t i = 0; i < count; ++i) txn.then.push_back(Put(fmt::format("/{:04}", i), "v"));
    return txn;
  };
  Must(puts(kTxnOpsMax));
  const auto refused = [&](Txn txn) {
    const auto result = Commit(std::move(txn));
    return !result && result.error().code == ErrorCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused(puts(kTxnOpsMax + 1)));
  // The largest nested one counts on top, not all of them.
  const auto nest = [](std::size_t count) {
    Txn txn;
    for (std::size_t i = 0; i < count; ++i) {
      txn.then.push_back(Nested({.when = {},
                                 .then = {Get("/x"), Get("/y"), Put(fmt::format("/n{}", i), "v")},
                                 .otherwise = {}}));
    }
    return txn;
  };
  Must(nest(kTxnOpsMax - 3));
  EXPECT_TRUE(refused(nest(kTxnOpsMax - 2)));
  EXPECT_TRUE(refused(Only(Nested(Only(Nested(Only(Get("/x"))))))));
  EXPECT_TRUE(refused(Only(Put("", "v"))));
  MustPut("/big", std::string(kValueBytesMax, 'v'));
  EXPECT_EQ(ValueOf("/big").size(), kValueBytesMax);
  EXPECT_TRUE(refused(Only(Put("/big", std::string(kValueBytesMax + 1, 'v')))));
  EXPECT_TRUE(refused({.when = {},
                       .then = {Put("/big", std::string(kValueBytesMax, 'v')),
                                Put("/big2", std::string(kValueBytesMax, 'v'))},
                       .otherwise = {}}));
}

TEST_P(CoordinatorConformance, RangesAreOrderedHalfOpenAndOfBytes) {
  const std::string odd("/b\0\xff", 4);
  for (const std::string& key : {std::string("/c"), odd, std::string("/a"), std::string("/b")}) {
    MustPut(key, "v" + key);
  }
  const auto keys = [](const RangeResult& result) {
    std::vector<std::string> found;
    for (const KeyValue& item : result.items) found.push_back(item.key);
    return found;
  };
  EXPECT_THAT(keys(*Range({.begin = "/a", .end = "/c"})), ElementsAre("/a", "/b", odd));
  EXPECT_THAT(keys(*Range({.begin = "/b", .end = ""})), ElementsAre("/b"));
  EXPECT_THAT(keys(*Range({.begin = "/bb", .end = "/bc"})), ElementsAre());
  const auto bare = *Range({.begin = "/", .end = PrefixEnd("/"), .limit = 2, .keys_only = true});
  EXPECT_THAT(keys(bare), ElementsAre("/a", "/b"));
  EXPECT_TRUE(bare.more);
  EXPECT_EQ(bare.items[0].value, "");
  EXPECT_GT(bare.items[0].mod_revision, 0);
  EXPECT_FALSE(Range({.begin = "/", .end = PrefixEnd("/"), .limit = 4})->more);
}

TEST_P(CoordinatorConformance, PagesOfOneRevisionHoldTogetherWhileOthersWrite) {
  for (const char* key : {"/a", "/b", "/c", "/d"}) MustPut(key, "old");
  const RangeResult first = *Range({.begin = "/", .end = "/~", .limit = 2});
  ASSERT_TRUE(first.more);
  MustPut("/c", "new");
  MustPut("/c", "newer");
  Must(Only(Delete("/d")));
  MustPut("/bb", "new");
  const RangeResult rest = *Range({.begin = first.items.back().key + '\0',
                                   .end = "/~",
                                   .limit = 0,
                                   .revision = first.revision});
  ASSERT_EQ(rest.items.size(), 2u);
  EXPECT_EQ(rest.revision, first.revision);
  EXPECT_EQ(rest.items[0].key + rest.items[0].value, "/cold");
  EXPECT_EQ(rest.items[1].key + rest.items[1].value, "/dold");
  EXPECT_LE(rest.items[1].mod_revision, first.revision);
  const auto future =
      Range({.begin = "/a", .end = "", .limit = 0, .revision = first.revision + 99});
  ASSERT_FALSE(future);
  EXPECT_EQ(future.error().code, ErrorCode::kInvalidArgument);
}

TEST_P(CoordinatorConformance, AForgottenRevisionIsNotFoundAndAWatchOfItIsLost) {
  const Revision old = MustPut("/a", "1");
  MustPut("/a", "2");
  MustPut("/a", "3");
  store_->Forget();
  const auto gone = Range({.begin = "/a", .end = "", .limit = 0, .revision = old});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kNotFound);
  WatchLog log(*store_);
  auto watch = coordinator().WatchRange("/", "/~", old, log.Callback());
  EXPECT_TRUE(store_->Until([&] { return log.lost; }));
  MustPut("/a", "4");
  EXPECT_THAT(log.lines, ElementsAre());
  End(watch);
}

TEST_P(CoordinatorConformance, WatchesTellEverythingOnceInOrderFromAnyRevision) {
  const Revision first = MustPut("/w/a", "1");
  Must({.when = {},
        .then = {Put("/w/a", "2"), Put("/other", "x"), Put("/w/b", "1")},
        .otherwise = {}});
  WatchLog past(*store_);
  WatchLog now(*store_);
  WatchLog future(*store_);
  auto watch_past = coordinator().WatchRange("/w/", "/w0", first, past.Callback());
  auto watch_now = coordinator().WatchRange("/w/", "/w0", 0, now.Callback());
  auto watch_future = coordinator().WatchRange("/w/", "/w0", first + 3, future.Callback());
  MustPut("/w/c", "1");
  Must(Only(DeleteRange("/w/", "/w0")));
  EXPECT_TRUE(past.Heard(7) && now.Heard(4) && future.Heard(3));
  EXPECT_THAT(past.lines,
              ElementsAre("/w/a=1", "/w/a=2", "/w/b=1", "/w/c=1", "-/w/a", "-/w/b", "-/w/c"));
  EXPECT_THAT(past.batches, ElementsAre(first, first + 1, first + 2, first + 3));
  EXPECT_THAT(now.lines, ElementsAre("/w/c=1", "-/w/a", "-/w/b", "-/w/c"));
  EXPECT_THAT(future.lines, ElementsAre("-/w/a", "-/w/b", "-/w/c"));
  End(watch_past);
  End(watch_now);
  End(watch_future);
}

TEST_P(CoordinatorConformance, AWatchThatHasEndedIsSilentAlsoWhenItEndsItself) {
  WatchLog kept(*store_);
  int calls = 0;
  std::unique_ptr<Watch> once;
  auto watch = coordinator().WatchRange("/", "/~", 0, kept.Callback());
  store_->OnLoop([&] {
    once = coordinator().WatchRange("/", "/~", 0, [&](const WatchBatch&) {
      store_->Locked([&] { ++calls; });
      once.reset();
    });
  });
  for (int i = 0; i < 5; ++i) MustPut("/a", std::to_string(i));
  EXPECT_TRUE(kept.Heard(5));
  EXPECT_TRUE(store_->Until([&] { return calls > 0; }));
  End(watch);
  MustPut("/a", "after");
  store_->OnLoop([] {});
  EXPECT_EQ(kept.lines.size(), 5u);
  EXPECT_EQ(calls, 1);
}

TEST_P(CoordinatorConformance, ALeaseTakesItsKeysAlongAndNoOthers) {
  auto lease = Grant();
  auto other = Grant();
  ASSERT_TRUE(lease && other);
  EXPECT_NE(lease->id(), other->id());
  EXPECT_NE(lease->id(), 0);
  MustPut("/l/a", "1", lease->id());
  MustPut("/l/b", "1", lease->id());
  MustPut("/l/c", "1", other->id());
  MustPut("/l/moved", "1", lease->id());
  MustPut("/l/moved", "2", other->id());
  MustPut("/l/freed", "1", lease->id());
  MustPut("/l/freed", "2");
  EXPECT_EQ(Read("/l/a")->lease, lease->id());
  WatchLog log(*store_);
  auto watch = coordinator().WatchRange("/l/", "/l0", 0, log.Callback());
  const LeaseId ended = lease->id();
  End(lease);
  EXPECT_TRUE(log.Heard(2));
  EXPECT_THAT(log.lines, ElementsAre("-/l/a", "-/l/b"));
  EXPECT_EQ(log.batches.size(), 1u);
  EXPECT_EQ(ValueOf("/l/a"), "(none)");
  EXPECT_EQ(ValueOf("/l/c"), "1");
  EXPECT_EQ(ValueOf("/l/moved"), "2");
  EXPECT_EQ(ValueOf("/l/freed"), "2");

  // A lease that is over fails the whole transaction, and only in the branch that is taken.
  const auto refused =
      Commit({.when = {}, .then = {Put("/x", "1"), Put("/y", "1", ended)}, .otherwise = {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ValueOf("/x"), "(none)");
  EXPECT_FALSE(
      Must({.when = {Exists("/x")}, .then = {Put("/y", "1", ended)}, .otherwise = {}}).succeeded);
  End(watch);
  End(other);
}

TEST_P(CoordinatorConformance, CompletionsComeInTheOrderOfTheirCommits) {
  std::vector<Revision> order;
  constexpr std::size_t kCalls = 200;
  for (std::size_t i = 0; i < kCalls; ++i) {
    coordinator().Commit(Only(Put("/a", std::to_string(i))), [&](Result<TxnResult> result) {
      store_->Locked([&] { order.push_back(result ? result->revision : -1); });
    });
  }
  ASSERT_TRUE(store_->Until([&] { return order.size() == kCalls; }));
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_GT(order.front(), 0);
  EXPECT_EQ(order.back() - order.front(), static_cast<Revision>(kCalls) - 1);
}

// Starts `count` writes, from several threads where the store takes that. All have been answered
// when `finish` returns.
class Writers {
 public:
  Writers(StoreUnderTest& store, bool threads, int writers, int each) : store_(store) {
    expected_ = static_cast<std::size_t>(writers * each);
    for (int writer = 0; writer < writers; ++writer) {
      auto write = [this, writer, each] {
        for (int i = 0; i < each; ++i) {
          store_.coordinator().Commit(
              Only(Put(fmt::format("/w/{}/{}", writer, i % 7), std::to_string(i))),
              [this](Result<TxnResult> result) {
                store_.Locked([&] { revisions_.push_back(result ? result->revision : -1); });
              });
        }
      };
      if (threads) {
        threads_.emplace_back(write);
      } else {
        write();
      }
    }
  }
  ~Writers() {
    for (std::thread& thread : threads_) thread.join();
  }
  std::vector<Revision> Finish() {
    EXPECT_TRUE(store_.Until([&] { return revisions_.size() == expected_; }));
    return revisions_;
  }

 private:
  StoreUnderTest& store_;
  std::size_t expected_ = 0;
  std::vector<Revision> revisions_;
  std::vector<std::thread> threads_;
};

TEST_P(CoordinatorConformance, AListAndAWatchFromThereMissNothingWhileOthersWrite) {
  MustPut("/w/seed", "1");
  Writers writers(*store_, GetParam().threads, 4, 250);
  // Several pairs, begun while the writers write; each must end with the store's own last word.
  struct Mirror {
    std::map<std::string, std::string> keys;
    Revision at = 0;
  };
  std::vector<Mirror> mirrors(5);
  std::vector<std::unique_ptr<Watch>> watches;
  for (Mirror& mirror : mirrors) {
    const RangeResult list = *Range({.begin = "/w/", .end = "/w0"});
    store_->Locked([&] {
      for (const KeyValue& item : list.items) mirror.keys[item.key] = item.value;
      mirror.at = list.revision;
    });
    watches.push_back(coordinator().WatchRange(
        "/w/", "/w0", list.revision + 1, [&, this](const WatchBatch& batch) {
          store_->Locked([&] {
            EXPECT_FALSE(batch.lost);
            EXPECT_EQ(batch.revision, mirror.at + 1) << "every revision writes one of these keys";
            mirror.at = batch.revision;
            for (const WatchEvent& event : batch.events) {
              mirror.keys[event.item.key] = event.item.value;
            }
          });
        }));
  }
  const std::vector<Revision> revisions = writers.Finish();
  const Revision last = std::ranges::max(revisions);
  EXPECT_TRUE(store_->Until([&] {
    return std::ranges::all_of(mirrors, [&](const Mirror& mirror) { return mirror.at == last; });
  }));
  std::map<std::string, std::string> truth;
  const RangeResult all = *Range({.begin = "/w/", .end = "/w0"});
  for (const KeyValue& item : all.items) {
    truth[item.key] = item.value;
  }
  for (const Mirror& mirror : mirrors) EXPECT_EQ(mirror.keys, truth);
  for (auto& watch : watches) End(watch);
}

}  // namespace
}  // namespace gophercron::coordination
