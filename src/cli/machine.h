// What this machine is called.
#ifndef GOPHERCRON_CLI_MACHINE_H_
#define GOPHERCRON_CLI_MACHINE_H_

#include <string>

namespace gophercron::cli {

std::string Hostname();
// The first IPv4 address that is not the loopback's, as GopherCron v1 finds it; the host's name
// where there is none.
std::string MachineAddress();

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_MACHINE_H_
