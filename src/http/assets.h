// The files of the console, as they stand in the program, and how one is answered.
//
// They are packed by tools/pack_console from web/dist when the program is built. A program that was
// built without the console has none, and answers with a page that says so.
#ifndef GOPHERCRON_HTTP_ASSETS_H_
#define GOPHERCRON_HTTP_ASSETS_H_

#include <span>
#include <string_view>

#include "http/message.h"

namespace gophercron::http {

struct Asset {
  std::string_view path;  // "index.html", "assets/index-1f2e3d4c.js"
  std::string_view type;  // of its content
  std::string_view etag;  // with its quotes; changes with the bytes
  // The name changes with the content, so that nobody has to ask again.
  bool immutable = false;
  std::string_view bytes;
  std::string_view gzip;  // the same compressed; empty: not worth it
};

// Ascending paths.
std::span<const Asset> ConsoleAssets();

// The contract of the API as an OpenAPI 3.1 document, made from src/http/openapi.
const Asset& OpenApiDocument();

// The file at `path`. What is no file is a view of the console, and answered with index.html, so
// that the address of each view can be opened, sent and loaded again; only in assets/ what is not
// there is 404.
Response AssetResponse(std::span<const Asset> assets, std::string_view path,
                       const Request& request);

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_ASSETS_H_
