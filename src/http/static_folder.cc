#include "http/static_folder.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/log.h"

namespace gophercron::http {
namespace {

constexpr std::string_view kRoot = "/admin/";
constexpr off_t kFileBytesMax = 64 << 20;

// A descriptor that closes itself.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// The kernel itself keeps the name, and every link on its way, below the folder.
int OpenBelow(int folder, const std::string& name) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(
      ::syscall(SYS_openat2, folder, name.empty() ? "." : name.c_str(), &how, sizeof how));
}

Response Plain(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  response.body = text;
  return response;
}

Response NotThere() {
  return Plain(404, "404 page not found\n");
}

Response MovedTo(std::string target) {
  Response response;
  response.status = 301;
  response.headers.emplace_back("Location", std::move(target));
  return response;
}

// Empty segments, "..", hidden files and what a file name can not hold.
bool IsPlainName(std::string_view name) {
  while (!name.empty()) {
    const std::size_t end = name.find('/');
    const std::string_view segment = name.substr(0, end);
    if (segment.empty() || segment.front() == '.') return false;
    if (segment.find_first_of(std::string_view("\0\\", 2)) != std::string_view::npos) return false;
    name = end == std::string_view::npos ? std::string_view() : name.substr(end + 1);
  }
  return true;
}

std::string_view TypeOf(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kTypes{
      {{".html", "text/html; charset=utf-8"},
       {".htm", "text/html; charset=utf-8"},
       {".js", "text/javascript; charset=utf-8"},
       {".css", "text/css; charset=utf-8"},
       {".json", "application/json"},
       {".svg", "image/svg+xml"},
       {".png", "image/png"},
       {".jpg", "image/jpeg"},
       {".jpeg", "image/jpeg"},
       {".gif", "image/gif"},
       {".ico", "image/x-icon"},
       {".woff", "font/woff"},
       {".woff2", "font/woff2"},
       {".ttf", "font/ttf"},
       {".txt", "text/plain; charset=utf-8"},
       {".map", "application/json"}}};
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

std::string HttpDate(time_t at) {
  tm parts{};
  ::gmtime_r(&at, &parts);
  char text[64];
  ::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

bool ReadAll(int fd, off_t size, std::string* into) {
  into->resize(static_cast<std::size_t>(size));
  std::size_t at = 0;
  while (at < into->size()) {
    const ssize_t got = ::read(fd, into->data() + at, into->size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    at += static_cast<std::size_t>(got);
  }
  into->resize(at);
  return true;
}

}  // namespace

std::unique_ptr<StaticFolder> StaticFolder::Open(const std::string& path) {
  if (path.empty()) return nullptr;
  const int folder = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    std::unique_ptr<StaticFolder> made(new StaticFolder(folder));
    const http::File index(OpenBelow(folder, "index.html"));
    if (index.fd() >= 0) return made;
  }
  log::Warning(
      "view_path {}: no index.html can be read there ({}); /admin/ shows the program's own", path,
      std::strerror(errno));
  return nullptr;
}

StaticFolder::~StaticFolder() {
  ::close(folder_);
}

bool StaticFolder::IsFor(std::string_view path) {
  return path == "/admin" || path.starts_with(kRoot) || path == "/favicon.ico";
}

Response StaticFolder::Serve(const Request& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    Response response = Plain(405, "only GET and HEAD\n");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  if (request.path == "/admin") return MovedTo(std::string(kRoot));
  if (request.path == "/favicon.ico") return File(request, "favicon.ico");
  auto name = PercentDecoded(std::string_view(request.path).substr(kRoot.size()), false);
  if (!name) return Plain(400, "the path is not well encoded\n");
  if (*name == "index.html" || name->ends_with("/index.html")) return MovedTo("./");
  const bool folder = name->empty() || name->ends_with('/');
  if (folder && !name->empty()) name->pop_back();
  if (!IsPlainName(*name)) return NotThere();
  if (!folder) return File(request, *name);
  return File(request, name->empty() ? "index.html" : *name + "/index.html");
}

Response StaticFolder::File(const Request& request, const std::string& name) const {
  const http::File file(OpenBelow(folder_, name));
  struct stat about{};
  if (file.fd() < 0 || ::fstat(file.fd(), &about) != 0) return NotThere();
  // Relative, so that it stays on this host whatever the name.
  if (S_ISDIR(about.st_mode)) return MovedTo("./" + name.substr(name.rfind('/') + 1) + "/");
  if (!S_ISREG(about.st_mode) || about.st_size > kFileBytesMax) return NotThere();
  Response response;
  const std::string modified = HttpDate(about.st_mtime);
  response.headers = {
      {"Content-Type", std::string(TypeOf(name))},
      {"Last-Modified", modified},
      {"Cache-Control", "no-cache"},
      // v1's pages hold their scripts and compile their templates; they get no more than that.
      {"Content-Security-Policy",
       "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' "
       "'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri "
       "'none'; frame-ancestors 'none'"}};
  if (request.Header("if-modified-since") == modified) {
    response.status = 304;
  } else if (!ReadAll(file.fd(), about.st_size, &response.body)) {
    return NotThere();
  }
  return response;
}

}  // namespace gophercron::http
