#include "cli/member_clocks.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "coordination/etcd/endpoint.h"

namespace gophercron::cli {
namespace {
constexpr seconds kPeriod{10};
constexpr milliseconds kPatience{1'000};
}  // namespace

MemberClocks::MemberClocks(const config::Etcd& etcd, const Clock& clock, Tell tell)
    : clock_(clock), tell_(std::move(tell)) {
  for (const std::string& text : etcd.endpoints) {
    const auto endpoint = coordination::etcd::ParseEndpoint(text);
    if (!endpoint) continue;  // the coordinator has refused it
    const bool tls = endpoint->tls || !etcd.tls.ca.empty();
    members_.push_back({.name = "etcd " + endpoint->host_port,
                        .request = {.url = fmt::format("{}://{}/version", tls ? "https" : "http",
                                                       endpoint->host_port),
                                    .ca_file = etcd.tls.ca,
                                    .cert_file = etcd.tls.cert,
                                    .key_file = etcd.tls.key,
                                    .timeout = kPatience}});
  }
  AskAll();
  thread_ = std::thread([this] { Run(); });
}

MemberClocks::~MemberClocks() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

// The answer was on its way for half of the time that the question took, more or less.
void MemberClocks::AskAll() const {
  for (const Member& member : members_) {
    const BootTime before = clock_.Boot();
    const auto date = outbound::AskDate(member.request);
    const BootTime after = clock_.Boot();
    if (date) {
      tell_(member.name, *date, before + (after - before) / 2);
    } else {
      log::Debug("{}", date.error().message);
    }
  }
}

void MemberClocks::Run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kPeriod, [this] { return stopping_; })) {
    lock.unlock();
    AskAll();
    lock.lock();
  }
}

}  // namespace gophercron::cli
