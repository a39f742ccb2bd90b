// What a program tells the service manager that started it (systemd's Type=notify): one datagram to
// the socket that the environment's NOTIFY_SOCKET names.
#ifndef GOPHERCRON_CLI_SERVICE_MANAGER_H_
#define GOPHERCRON_CLI_SERVICE_MANAGER_H_

#include <string>
#include <string_view>

namespace gophercron::cli {

inline constexpr std::string_view kReady = "READY=1";
inline constexpr std::string_view kStopping = "STOPPING=1";

// Nothing where nobody asks to be told. A manager that does not listen is none of our troubles.
void TellServiceManager(std::string_view state);

// The same, to a socket: a path, or "@name" for an abstract one. False when it did not get there.
bool SendState(const std::string& socket, std::string_view state);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_SERVICE_MANAGER_H_
