// The demo project: four tasks that show in the first minute what this program does.
#ifndef GOPHERCRON_CLI_DEMO_H_
#define GOPHERCRON_CLI_DEMO_H_

#include "base/result.h"
#include "service/services.h"

namespace gophercron::cli {

// Makes the project "demo" and its tasks, once for each data folder: what people change in it or
// take away stays changed. A start that was cut off in the middle is completed by the next. The
// administrator must exist.
Status MakeDemo(service::Services& services);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_DEMO_H_
