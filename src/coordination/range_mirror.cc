#include "coordination/range_mirror.h"

#include <atomic>
#include <utility>

#include "base/log.h"

namespace gophercron::coordination {
namespace {
constexpr seconds kRetryDelay{1};
}  // namespace

// On the loop's thread, but for `over`. Kept alive by the calls that are under way.
struct RangeMirror::State : std::enable_shared_from_this<State> {
  State(Loop& loop, Coordinator& the_coordinator, Keys::Span the_range,
        std::function<void(const Content&)> changed)
      : coordinator(the_coordinator),
        range(std::move(the_range)),
        on_change(std::move(changed)),
        retry(loop) {}

  void List() {
    if (over) return;
    watch.reset();
    listing.clear();
    Page(range.first, 0);
  }

  // All pages at the revision of the first.
  void Page(std::string begin, Revision revision) {
    coordinator.Range({.begin = std::move(begin), .end = range.second, .revision = revision},
                      [weak = weak_from_this()](Result<RangeResult> page) {
                        if (auto self = weak.lock()) self->OnPage(std::move(page));
                      });
  }

  void OnPage(Result<RangeResult> page) {
    if (over) return;
    if (!page) {
      log::Warning("reading {} failed and is tried again: {}", range.first, page.error().message);
      return Again();
    }
    for (auto& item : page->items) listing[item.key] = std::move(item.value);
    if (page->more) return Page(page->items.back().key + '\0', page->revision);
    content = std::exchange(listing, {});
    on_change(content);
    watch = coordinator.WatchRange(range.first, range.second, page->revision + 1,
                                   [weak = weak_from_this()](const WatchBatch& batch) {
                                     if (auto self = weak.lock()) self->OnBatch(batch);
                                   });
  }

  void OnBatch(const WatchBatch& batch) {
    if (over) return;
    if (batch.lost) return Again();
    for (const auto& event : batch.events) {
      if (event.type == WatchEvent::Type::kPut) {
        content[event.item.key] = event.item.value;
      } else {
        content.erase(event.item.key);
      }
    }
    on_change(content);
  }

  void Again() {
    retry.SetAfter(kRetryDelay, [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->List();
    });
  }

  Coordinator& coordinator;
  const Keys::Span range;
  const std::function<void(const Content&)> on_change;
  BootTimer retry;
  std::unique_ptr<coordination::Watch> watch;
  Content listing;
  Content content;
  std::atomic<bool> over{false};
};

RangeMirror::RangeMirror(Loop& loop, Coordinator& coordinator, Keys::Span range,
                         std::function<void(const Content&)> on_change)
    : state_(std::make_shared<State>(loop, coordinator, std::move(range), std::move(on_change))) {
  loop.Post([state = state_] { state->List(); });
}

RangeMirror::~RangeMirror() {
  state_->over = true;
}

}  // namespace gophercron::coordination
