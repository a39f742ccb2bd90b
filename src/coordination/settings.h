// Settings of the cluster that every process must agree on: the first one to start writes them.
#ifndef GOPHERCRON_COORDINATION_SETTINGS_H_
#define GOPHERCRON_COORDINATION_SETTINGS_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"

namespace gophercron::coordination {

// Writes `value` unless there is one, and gives the one in force. Waits for the coordinator: not on
// its loop's thread.
Result<std::string> GetOrPutSetting(Coordinator& coordinator, const Keys& keys,
                                    std::string_view name, std::string_view value);

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_SETTINGS_H_
