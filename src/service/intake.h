// Intake: what agents of the cluster hand in: results for the ledger, and news of live runs.
//
// Only for processes that know the cluster's secret (link/seal.h); not there in a standalone.
// Threads: any; a call may wait for the store.
#ifndef GOPHERCRON_SERVICE_INTAKE_H_
#define GOPHERCRON_SERVICE_INTAKE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/live.h"
#include "base/result.h"
#include "link/seal.h"
#include "service/events.h"
#include "service/ports.h"

namespace gophercron::service {

class Intake {
 public:
  // `events` outlives this.
  Intake(const Ports& ports, EventsHub& events, std::string cluster_secret)
      : ports_(ports), listeners_{&events}, seals_(std::move(cluster_secret)) {}

  // As Check, before there is a body.
  Status CheckHead(std::string_view seal, std::string_view method, std::string_view path) const {
    return seals_.CheckHead(seal, method, path, ports_.clock.Now());
  }

  // kUnauthenticated unless the request was sealed by a process of this cluster, just now.
  Status Check(std::string_view seal, std::string_view method, std::string_view path,
               std::string_view body) {
    return seals_.Check(seal, method, path, body, ports_.clock.Now());
  }

  // Bodies as in link/wire.h. Durable on return.
  Status TakeResults(std::string_view body);
  Status TakeNews(std::string_view body);
  // Hears the news beside the events. Outlives this; before the first request.
  void AddListener(agent::LiveSink& listener) { listeners_.push_back(&listener); }

 private:
  const Ports ports_;
  std::vector<agent::LiveSink*> listeners_;
  link::SealChecker seals_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_INTAKE_H_
