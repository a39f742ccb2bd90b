#include "http/assets.h"

#include <algorithm>
#include <string>

namespace gophercron::http {
namespace {

constexpr std::string_view kIndex = "index.html";

// Nothing from elsewhere, nothing inline, no frame around it.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::string_view kWithoutConsole = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GopherCron</title>
<h1>GopherCron runs, without its console</h1>
<p>This program was built without the console. Everything else works: the command line
(<code>gophercron --help</code>) and the API at <code>/api/v2</code>.</p>
<p>To have the console, install Node 18 or newer and build again with <code>./dev build</code>.</p>
<p lang="zh">此程序构建时未包含控制台；命令行和 /api/v2 接口不受影响。安装 Node 18
或更高版本后，用 <code>./dev build</code> 重新构建即可。</p>
)html";

const Asset* Find(std::span<const Asset> assets, std::string_view path) {
  const auto at = std::ranges::lower_bound(assets, path, {}, &Asset::path);
  return at != assets.end() && at->path == path ? &*at : nullptr;
}

// Whether a comma list has this entry; parameters behind ';' count as part of it, except q=0.
bool Accepts(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t end = list.find(',');
    std::string_view entry = list.substr(0, end);
    list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
    const std::size_t semicolon = entry.find(';');
    const std::string_view parameters =
        semicolon == std::string_view::npos ? std::string_view() : entry.substr(semicolon);
    entry = entry.substr(0, semicolon);
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (entry != wanted) continue;
    const std::size_t weight = parameters.find("q=");
    if (weight == std::string_view::npos) return true;
    return parameters.find_first_of("123456789", weight) != std::string_view::npos;
  }
  return false;
}

Response NotThere(const Request& request) {
  return ProblemResponse(404, "not_found",
                         "the console has no such file: it was built anew, load the page again",
                         request.request_id);
}

Response WithoutConsole() {
  Response response;
  response.headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Content-Security-Policy", std::string(kPolicy)},
                      {"Cache-Control", "no-cache"}};
  response.body = kWithoutConsole;
  return response;
}

}  // namespace

Response AssetResponse(std::span<const Asset> assets, std::string_view path,
                       const Request& request) {
  const Asset* asset = Find(assets, path);
  if (asset == nullptr && path.starts_with("assets/")) return NotThere(request);
  if (asset == nullptr) asset = Find(assets, kIndex);
  if (asset == nullptr) return WithoutConsole();
  Response response;
  response.headers = {
      {"Content-Type", std::string(asset->type)},
      {"Content-Security-Policy", std::string(kPolicy)},
      {"ETag", std::string(asset->etag)},
      {"Vary", "Accept-Encoding"},
      {"Cache-Control", asset->immutable ? "public, max-age=31536000, immutable" : "no-cache"}};
  const std::string_view known = request.Header("if-none-match");
  if (known == "*" || Accepts(known, asset->etag)) {
    response.status = 304;
    return response;
  }
  if (!asset->gzip.empty() && Accepts(request.Header("accept-encoding"), "gzip")) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = asset->gzip;
  } else {
    response.body = asset->bytes;
  }
  return response;
}

}  // namespace gophercron::http
