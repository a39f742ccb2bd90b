// Which service a command talks to, and as whom.
//
// The first of these that names one wins, and a part that is named twice is taken from the first:
// --url and --token; GOPHERCRON_URL and GOPHERCRON_TOKEN; the folder of a running `standalone`
// (--data, else its default folder), which leaves api.json there for its own user; what `login`
// saved. A token is never sent to another service than the one it was found with, --token and
// GOPHERCRON_TOKEN excepted, which say no service.
#ifndef GOPHERCRON_CLI_ENDPOINT_H_
#define GOPHERCRON_CLI_ENDPOINT_H_

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/api_client.h"

namespace gophercron::cli {

struct EndpointOptions {
  std::string url;
  std::string token;
  std::string data;  // empty: not given
};

// kNotFound when nothing says where a service is; the message says how to tell.
Result<Endpoint> FindEndpoint(const EndpointOptions& options);

// Where `standalone` keeps its data unless told otherwise: $GOPHERCRON_DATA, else
// $XDG_DATA_HOME/gophercron, else ~/.local/share/gophercron.
std::filesystem::path DefaultDataDirectory();

// The address and token that the `standalone` on this folder left there; nullopt when there is no
// such file, kCorrupt when it cannot be read.
Result<std::optional<Endpoint>> ReadDataEndpoint(const std::filesystem::path& data);

// Saves for FindEndpoint, in a file that only the user can read, and says where.
Result<std::filesystem::path> SaveLogin(const Endpoint& endpoint);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_ENDPOINT_H_
