// ServiceDirectory: the services of the cluster, as their keys say.
//
// Threads: any.
#ifndef GOPHERCRON_LINK_SERVICE_DIRECTORY_H_
#define GOPHERCRON_LINK_SERVICE_DIRECTORY_H_

#include <map>
#include <string>

#include "base/guarded.h"
#include "base/loop.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"
#include "coordination/range_mirror.h"

namespace gophercron::link {

class ServiceDirectory {
 public:
  // `loop` is the coordinator's; both outlive this. Destroy it when the loop has stopped.
  ServiceDirectory(Loop& loop, coordination::Coordinator& coordinator, coordination::Keys keys);

  // By lease: "http://10.0.0.5:6306".
  std::map<coordination::LeaseId, std::string> Urls() const;

 private:
  const coordination::Keys keys_;
  Guarded<std::map<coordination::LeaseId, std::string>> urls_;
  coordination::RangeMirror mirror_;
};

}  // namespace gophercron::link

#endif  // GOPHERCRON_LINK_SERVICE_DIRECTORY_H_
