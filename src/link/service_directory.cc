#include "link/service_directory.h"

#include <utility>

#include "base/log.h"
#include "coordination/service_key.h"

namespace gophercron::link {

ServiceDirectory::ServiceDirectory(Loop& loop, coordination::Coordinator& coordinator,
                                   coordination::Keys keys)
    : keys_(std::move(keys)),
      mirror_(loop, coordinator, keys_.AllServices(),
              [this](const coordination::RangeMirror::Content& content) {
                std::map<coordination::LeaseId, std::string> urls;
                for (const auto& [key, value] : content) {
                  const auto name = keys_.Parse(key);
                  const auto service = coordination::ParseService(value);
                  if (name && service) {
                    urls[name->lease] = service->url;
                  } else {
                    log::Warning("{} is no service's key, or its value can not be read", key);
                  }
                }
                urls_.With([&](auto& known) { known = std::move(urls); });
              }) {}

std::map<coordination::LeaseId, std::string> ServiceDirectory::Urls() const {
  return urls_.With([](const auto& urls) { return urls; });
}

}  // namespace gophercron::link
