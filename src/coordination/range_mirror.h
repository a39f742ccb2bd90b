// RangeMirror: a small range of keys, kept the same here as it stands in the coordinator: listed,
// then watched, listed anew when the watch is lost.
//
// For ranges of some hundred keys: every change hands over the whole content. Threads: `on_change`
// is called on the coordinator's loop; the mirror is made and destroyed on any thread, but not from
// its own callback. After the destructor `on_change` may be running once more, never begin.
#ifndef GOPHERCRON_COORDINATION_RANGE_MIRROR_H_
#define GOPHERCRON_COORDINATION_RANGE_MIRROR_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/loop.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"

namespace gophercron::coordination {

class RangeMirror {
 public:
  using Content = std::map<std::string, std::string>;  // key, value

  // `loop` is the coordinator's; both outlive the mirror.
  RangeMirror(Loop& loop, Coordinator& coordinator, Keys::Span range,
              std::function<void(const Content&)> on_change);
  ~RangeMirror();
  RangeMirror(const RangeMirror&) = delete;
  RangeMirror& operator=(const RangeMirror&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_RANGE_MIRROR_H_
