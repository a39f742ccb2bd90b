#include "coordination/key_space.h"

#include <gtest/gtest.h>

#include <iostream>
#include <vector>

#include "base/random.h"

namespace gophercron::coordination {
namespace {

Txn Only(Op op) {
  return {.when = {}, .then = {std::move(op)}, .otherwise = {}};
}

// A random transaction over few keys, so that they meet.
Txn RandomTxn(SeededRandom& random, LeaseId lease) {
  const auto key = [&] { return "/" + std::to_string(random.Below(8)); };
  Txn txn;
  if (random.Below(2) == 0) txn.when.push_back(Absent(key()));
  for (std::uint64_t i = random.Below(4); i > 0; --i) {
    switch (random.Below(4)) {
      case 0:
        txn.then.push_back(Delete(key()));
        break;
      case 1:
        txn.then.push_back(DeleteRange(key(), "/9"));
        break;
      case 2:
        txn.then.push_back(Nested(Only(Put(key(), std::to_string(random.Next())))));
        break;
      default:
        txn.then.push_back(
            Put(key(), std::to_string(random.Next()), random.Below(3) == 0 ? lease : 0));
    }
  }
  return txn;
}

TEST(KeySpace, UndoLeavesNoTraceAndPastRevisionsReadAsTheyWere) {
  constexpr std::uint64_t kSeed = 42;
  std::cout << "seed " << kSeed << "\n";
  SeededRandom random(kSeed);
  KeySpace space;
  space.Grant(5);
  std::map<Revision, std::map<std::string, KeySpace::Entry, std::less<>>> states;
  states[0] = space.keys();
  for (int round = 0; round < 3'000; ++round) {
    const auto before = space.keys();
    const Revision revision = space.revision();
    std::vector<KeySpace::Applied> applied;
    for (int i = 0; i < 3; ++i) {
      if (auto one = space.Apply(RandomTxn(random, 5))) applied.push_back(*one);
    }
    if (random.Below(3) == 0) {
      applied.push_back(space.Revoke(5));
      if (random.Below(2) == 0) {
        while (!applied.empty()) {
          space.Undo(applied.back());
          applied.pop_back();
        }
        ASSERT_EQ(space.keys(), before);
        ASSERT_EQ(space.revision(), revision);
        ASSERT_TRUE(space.HasLease(5));
        continue;
      }
      space.Grant(5);
    }
    states[space.revision()] = space.keys();
    if (round % 50 == 0) space.Compact(space.revision() - 20);
    auto past = states.begin();
    std::advance(past, static_cast<std::ptrdiff_t>(random.Below(states.size())));
    const auto read = space.Range(
        {.begin = "/", .end = "/~", .limit = 0, .revision = past->first == 0 ? -1 : past->first});
    if (!read) {
      ASSERT_EQ(read.error().code, ErrorCode::kNotFound);
      states.erase(past);
      continue;
    }
    ASSERT_EQ(read->items.size(), past->second.size());
    for (const KeyValue& item : read->items) {
      const KeySpace::Entry entry{.value = item.value,
                                  .create_revision = item.create_revision,
                                  .mod_revision = item.mod_revision,
                                  .lease = item.lease};
      ASSERT_EQ(past->second.at(item.key), entry);
    }
  }
  EXPECT_GT(space.revision(), 1'000);
}

TEST(KeySpace, HistoryIsBounded) {
  KeySpace space({.changes = 10, .bytes = 1'000});
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(space.Apply(Only(Put("/k", "v"))));
    space.Trim();
  }
  EXPECT_FALSE(space.Since(20));
  ASSERT_TRUE(space.Since(21));
  EXPECT_EQ(space.Since(21)->size(), 10u);
  ASSERT_TRUE(space.Apply(Only(Put("/k", std::string(2'000, 'v')))));
  space.Trim();
  EXPECT_TRUE(space.Since(32)->empty());
  EXPECT_FALSE(space.Since(31));
  EXPECT_TRUE(space.Range({.begin = "/k", .end = "", .limit = 0, .revision = 31}));
  EXPECT_FALSE(space.Range({.begin = "/k", .end = "", .limit = 0, .revision = 30}));
}

}  // namespace
}  // namespace gophercron::coordination
