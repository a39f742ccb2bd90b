// ClockGuard: whether this node's clock is one of many that agree. A clock that runs ahead would
// push marks into the future, one that runs behind would start ticks late or again and again too
// early for everybody else, so a node whose clock most others contradict must not claim.
//
// What others show is kept against the boot clock, which does not jump: when this node's wall clock
// is set, the next judgement knows, without asking anybody again. What arrives is older than it
// says by the time it took, so of a source's last few samples the one furthest ahead counts. One
// sample alone may be from a list, and then be as old as the listed value: it says little of a
// source that seems to be behind, but that it is not an hour.
//
// Threads: none. Pure.
#ifndef GOPHERCRON_AGENT_CLOCK_GUARD_H_
#define GOPHERCRON_AGENT_CLOCK_GUARD_H_

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"

namespace gophercron::agent {

class ClockGuard {
 public:
  // How far this clock may be from another.
  static constexpr microseconds kTolerance = seconds(2);
  // How old a value may be that was listed.
  static constexpr microseconds kListedAge = seconds(15);
  // Sources that said nothing for longer than this are not asked.
  static constexpr microseconds kFreshness = seconds(60);

  // `source` showed `theirs` when the boot clock here stood at `at`.
  void Note(const std::string& source, Instant theirs, BootTime at);

  struct Verdict {
    int others = 0;        // that could be asked
    int contradicted = 0;  // by so many of them: further away than kTolerance
    // The median of them, seen from here: positive when they are ahead. None without others.
    std::optional<microseconds> offset;  // roughly, until each has shown itself twice
    // More than half of at least two contradict it. With fewer nobody can tell whose clock is
    // wrong.
    bool Off() const { return others >= 2 && contradicted * 2 > others; }
  };
  Verdict Judge(Instant wall, BootTime boot) const;

 private:
  // More than come together when an agent that stood still, for less than its session lasts or a
  // little longer, hears late what was told meanwhile.
  static constexpr std::size_t kSamples = 6;
  struct Source {
    std::array<microseconds, kSamples> ahead{};  // of the boot clock; a ring
    std::size_t count = 0;
    BootTime last{};
  };

  std::map<std::string, Source> sources_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_CLOCK_GUARD_H_
