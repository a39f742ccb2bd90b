// StaticFolder: the files of somebody else's pages, such as GopherCron v1's front end, at /admin/.
//
// As v1's file server: a folder is its index.html, one without a slash leads to one with it, and
// what is not there is a plain 404. Folders are not listed, names that begin with a dot are not
// there, and nothing outside the folder is reached, by ".." or by a link.
//
// Threads: any; reads files.
#ifndef GOPHERCRON_HTTP_STATIC_FOLDER_H_
#define GOPHERCRON_HTTP_STATIC_FOLDER_H_

#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"

namespace gophercron::http {

class StaticFolder {
 public:
  // Null, and a line in the log, when there is no index.html in it. An empty path is null.
  static std::unique_ptr<StaticFolder> Open(const std::string& path);
  ~StaticFolder();
  StaticFolder(const StaticFolder&) = delete;
  StaticFolder& operator=(const StaticFolder&) = delete;

  // Whether a request for this path is for the pages.
  static bool IsFor(std::string_view path);
  Response Serve(const Request& request) const;

 private:
  explicit StaticFolder(int folder) : folder_(folder) {}
  Response File(const Request& request, const std::string& name) const;

  const int folder_;
};

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_STATIC_FOLDER_H_
