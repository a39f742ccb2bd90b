#include "http/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "http/views.h"

namespace gophercron::http {
namespace {

// How long a reader who was shut out may go on reading.
constexpr seconds kCheckEvery{5};
// Where the hub has nothing (a run on its way to the store, or of another node), the store is asked
// again.
constexpr seconds kLookEvery{1};
constexpr std::size_t kPieceBytesMax = 32 << 10;

// Whether the reader may still read; asked at most every kCheckEvery.
class Leave {
 public:
  Leave(service::Services& services, std::string token)
      : services_(services), token_(std::move(token)), checked_(services.ports().clock.Boot()) {}

  bool Still(const std::vector<task::ProjectId>& projects) {
    const BootTime now = services_.ports().clock.Boot();
    if (now - checked_ < kCheckEvery) return true;
    checked_ = now;
    const auto caller = services_.accounts().Authenticate(token_);
    if (!caller || caller->must_change_password) return false;
    return std::ranges::all_of(projects, [&](task::ProjectId project) {
      return services_.access().Enter(*caller, project).has_value();
    });
  }

 private:
  service::Services& services_;
  std::string token_;
  BootTime checked_;
};

class Events final : public EventStream {
 public:
  Events(service::Services& services, std::string token,
         std::optional<std::vector<task::ProjectId>> projects, std::function<void()> wake)
      : leave_(services, std::move(token)),
        projects_(projects.value_or(std::vector<task::ProjectId>())),
        subscription_(services.events().Subscribe(std::move(projects), std::move(wake))) {}

  bool Next(std::string* out) override {
    if (!leave_.Still(projects_)) return false;
    for (const service::Event& event : subscription_->Take()) {
      *out += FormatEvent(service::Name(event.kind), json::serialize(EventJson(event)));
    }
    return true;
  }

 private:
  Leave leave_;
  std::vector<task::ProjectId> projects_;
  std::unique_ptr<service::EventsHub::Subscription> subscription_;
};

class Output final : public EventStream {
 public:
  Output(service::Services& services, service::Caller caller, std::string token,
         task::ProjectId project, std::string run_id, std::int64_t from, std::function<void()> wake)
      : services_(services),
        caller_(std::move(caller)),
        leave_(services, std::move(token)),
        projects_{project},
        run_id_(std::move(run_id)),
        offset_(from),
        feed_(services.events().Follow(run_id_, std::move(wake))) {}

  bool Next(std::string* out) override {
    if (!leave_.Still(projects_)) return false;
    while (out->size() < 2 * kPieceBytesMax) {
      // Its end is asked for first: what is read after it is all that there will be.
      const auto ended = feed_->Ended();
      service::OutputPiece piece = feed_->Read(offset_, kPieceBytesMax);
      if (!piece.bytes.empty() && Write(std::move(piece), ended.has_value(), out)) continue;
      if (ended) return End(RunRecordJson(*ended), out);
      return LookInStore(out);
    }
    return true;
  }

 private:
  // False when there was nothing but the beginning of a character.
  bool Write(service::OutputPiece piece, bool last, std::string* out) {
    const std::size_t cut = IncompleteUtf8Tail(piece.bytes);
    if (cut > 0 && (!last || piece.bytes.size() > cut))
      piece.bytes.resize(piece.bytes.size() - cut);
    if (piece.bytes.empty()) return false;
    if (piece.offset > offset_) {
      *out += FormatEvent("gap",
                          json::serialize(json::object{{"from", offset_}, {"to", piece.offset}}));
    }
    offset_ = piece.offset + static_cast<std::int64_t>(piece.bytes.size());
    *out += FormatEvent(
        "output",
        json::serialize(json::object{
            {"offset", piece.offset}, {"bytes", piece.bytes.size()}, {"text", Utf8(piece.bytes)}}),
        std::to_string(offset_));
    return true;
  }

  bool End(json::object run, std::string* out) {
    run["state"] = "ended";
    *out += FormatEvent("end", json::serialize(run), std::to_string(offset_));
    return false;
  }

  bool LookInStore(std::string* out) {
    const BootTime now = services_.ports().clock.Boot();
    if (looked_ && now - *looked_ < kLookEvery) return true;
    looked_ = now;
    const auto run = services_.runs().Show(caller_, run_id_);
    if (!run) {
      if (run.error().code != ErrorCode::kNotFound) return true;  // the store is away: later
      *out += FormatEvent("end", "null");
      return false;
    }
    if (run->state != service::RunState::kEnded) return true;
    while (out->size() < 8 * kPieceBytesMax) {
      auto view = services_.runs().ReadOutput(caller_, run_id_, offset_,
                                              static_cast<std::int64_t>(kPieceBytesMax));
      if (!view) return true;
      service::OutputPiece piece{.offset = view->offset, .bytes = std::move(view->bytes)};
      if (piece.bytes.empty() || !Write(std::move(piece), true, out)) {
        return End(RunRecordJson(run->record), out);
      }
    }
    looked_.reset();  // there is more: at once
    return true;
  }

  service::Services& services_;
  service::Caller caller_;
  Leave leave_;
  std::vector<task::ProjectId> projects_;
  std::string run_id_;
  std::int64_t offset_;
  std::optional<BootTime> looked_;
  std::unique_ptr<service::EventsHub::Feed> feed_;
};

}  // namespace

std::string FormatEvent(std::string_view name, std::string_view data, std::string_view id) {
  if (id.empty()) return fmt::format("event: {}\ndata: {}\n\n", name, data);
  return fmt::format("event: {}\nid: {}\ndata: {}\n\n", name, id, data);
}

Response EventsResponse(const Context& context, std::optional<task::ProjectId> only) {
  std::optional<std::vector<task::ProjectId>> projects;
  if (only) {
    const auto grant = context.services.access().Enter(*context.caller, *only);
    if (!grant) return ProblemResponse(grant.error(), context.request.request_id);
    projects = std::vector{*only};
  } else {
    auto visible = context.services.access().Visible(*context.caller);
    if (!visible) return ProblemResponse(visible.error(), context.request.request_id);
    projects = *std::move(visible);
  }
  Response response;
  response.stream = [&services = context.services, token = context.token,
                     projects = std::move(projects)](std::function<void()> wake) {
    return std::make_unique<Events>(services, token, projects, std::move(wake));
  };
  return response;
}

Response OutputResponse(const Context& context, std::string run_id, std::int64_t from) {
  const auto run = context.services.runs().Show(*context.caller, run_id);
  if (!run) return ProblemResponse(run.error(), context.request.request_id);
  Response response;
  response.stream = [&services = context.services, caller = *context.caller, token = context.token,
                     project = run->record.task.project_id, run_id = std::move(run_id),
                     from](std::function<void()> wake) {
    return std::make_unique<Output>(services, caller, token, project, run_id, from,
                                    std::move(wake));
  };
  return response;
}

}  // namespace gophercron::http
