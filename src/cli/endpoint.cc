#include "cli/endpoint.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "cli/data_folder.h"

namespace gophercron::cli {
namespace {

constexpr std::size_t kFileBytesMax = 64 << 10;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::filesystem::path HomeDirectory(const char* variable, const char* below_home) {
  if (const std::string set = Environment(variable); !set.empty()) return set;
  const std::string home = Environment("HOME");
  return std::filesystem::path(home.empty() ? "/" : home) / below_home;
}

std::filesystem::path SavedLoginPath() {
  return HomeDirectory("XDG_CONFIG_HOME", ".config") / "gophercron" / "credentials.json";
}

Result<std::optional<Endpoint>> ReadEndpointFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return Fail(ErrorCode::kPermissionDenied,
                fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  }
  std::string text(kFileBytesMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  const auto parsed = json::ParseObject(text);
  const auto url = parsed ? json::String(*parsed, "url") : std::nullopt;
  const auto token = parsed ? json::String(*parsed, "token") : std::nullopt;
  if (!url || !token) {
    return Fail(ErrorCode::kCorrupt,
                fmt::format("{} does not hold an address and a token; remove it and start again",
                            path.string()));
  }
  return Endpoint{.url = std::string(*url), .token = std::string(*token)};
}

}  // namespace

std::filesystem::path DefaultDataDirectory() {
  if (const std::string set = Environment("GOPHERCRON_DATA"); !set.empty()) return set;
  return HomeDirectory("XDG_DATA_HOME", ".local/share") / "gophercron";
}

Result<std::optional<Endpoint>> ReadDataEndpoint(const std::filesystem::path& data) {
  return ReadEndpointFile(data / "api.json");
}

Result<Endpoint> FindEndpoint(const EndpointOptions& options) {
  const std::string token = options.token.empty() ? Environment("GOPHERCRON_TOKEN") : options.token;
  std::string url = options.url;
  // --data is more explicit than the environment.
  if (url.empty() && options.data.empty()) url = Environment("GOPHERCRON_URL");

  if (!url.empty()) {
    while (url.ends_with('/')) url.pop_back();
    if (!token.empty()) return Endpoint{.url = url, .token = token};
    auto saved = ReadEndpointFile(SavedLoginPath());
    if (!saved) return std::unexpected(std::move(saved).error());
    if (*saved && (*saved)->url == url) return std::move(**saved);
    return Endpoint{.url = url, .token = ""};
  }

  const std::filesystem::path data =
      options.data.empty() ? DefaultDataDirectory() : std::filesystem::path(options.data);
  auto found = ReadDataEndpoint(data);
  if (!found && !options.data.empty()) return std::unexpected(std::move(found).error());
  if (!found || !*found) {
    if (!options.data.empty()) {
      return Fail(
          ErrorCode::kUnavailable,
          fmt::format("no standalone runs on {}: there is no api.json in it. Start one with "
                      "gophercron standalone --data {}",
                      data.string(), data.string()));
    }
    found = ReadEndpointFile(SavedLoginPath());
    if (!found) return std::unexpected(std::move(found).error());
  }
  if (!*found) {
    return Fail(ErrorCode::kUnavailable,
                "no service is known: start one here with `gophercron standalone`, or name one "
                "with --url and --token, or sign in with `gophercron login --url URL`");
  }
  Endpoint endpoint = std::move(**found);
  if (!token.empty()) endpoint.token = token;
  return endpoint;
}

Result<std::filesystem::path> SaveLogin(const Endpoint& endpoint) {
  const std::filesystem::path path = SavedLoginPath();
  std::error_code failure;
  std::filesystem::create_directories(path.parent_path(), failure);
  if (failure) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("cannot make the folder {}: {}", path.parent_path().string(),
                            failure.message()));
  }
  const json::object content = {{"url", endpoint.url}, {"token", endpoint.token}};
  const Status written = WritePrivateFile(path, json::serialize(content) + "\n");
  if (!written) return std::unexpected(written.error());
  return path;
}

}  // namespace gophercron::cli
