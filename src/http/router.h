// Router: from a request to the one handler that answers it, through the permission that the route
// declares.
//
// Deny by default: a route whose permission nobody wrote down makes Router's constructor abort, so
// such a program does not start.
#ifndef GOPHERCRON_HTTP_ROUTER_H_
#define GOPHERCRON_HTTP_ROUTER_H_

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "http/static_folder.h"
#include "http/v1/arguments.h"
#include "http/v1/task_texts.h"
#include "service/access.h"
#include "service/services.h"

namespace gophercron::http {

enum class Permission {
  kUnset,
  kPublic,    // anybody
  kSignedIn,  // also while a first password must be changed
  kMember,    // signed in; what is seen depends on the caller's projects
  kInPerson,  // signed in, and no API token (service/access.h)
  kView,      // in the project of the path, or of the run in the path; on /api/v1 of the arguments
  kOperate,
  kEdit,
  kOwn,
  kAdministrator,
  kAdministratorInPerson,
  kCluster,  // a process of this cluster, which seals its requests (link/seal.h)
};
std::string_view Name(Permission permission);

struct Context {
  const Request& request;
  service::Services& services;
  std::map<std::string, std::string, std::less<>> path;  // "{project}" of the pattern, decoded
  std::optional<service::Caller> caller;                 // set unless kPublic
  std::optional<service::Grant> grant;                   // set where the pattern has {project}
  std::optional<v1::Arguments> arguments;                // set on /api/v1
  const v1::TaskTexts& task_texts;
  // The token that the caller came with: streams ask again with it.
  std::string token;
  bool by_cookie = false;
};

using Handler = Response (*)(Context&);

struct Route {
  std::string_view method;
  // "/api/v2/projects/{project}"; "{file...}" at the end takes the rest of the path, as sent.
  std::string_view pattern;
  Permission permission = Permission::kUnset;
  Handler handler = nullptr;
  // Hashes a password: runs on the lane for such, where few wait.
  bool slow = false;
  // Of processes of the cluster; 0: the server's bound for all.
  std::size_t body_bytes_max = 0;
  // Waits for nothing: answered on the thread of the sockets.
  bool quick = false;
};

// Every route of the program.
std::span<const Route> Routes();

struct RouterOptions {
  // Host names that a browser session may be used under, beside addresses and localhost. Empty:
  // any, unless `loopback`.
  std::vector<std::string> allowed_hosts;
  bool loopback = true;   // the listener is only reachable from this machine
  std::string view_path;  // a folder of pages that /admin/ shows instead of the program's own
};

// Threads: any; handlers wait for the store.
class Router {
 public:
  Router(std::span<const Route> routes, service::Services& services, RouterOptions options);

  struct Match {
    const Route* route = nullptr;  // null: `refusal` says why
    std::map<std::string, std::string, std::less<>> path;
    int refusal = 404;  // or 405, or 400 for a path that is none
    std::string allow;  // with 405
  };
  Match Find(const Request& request) const;
  // How long the body of this request, whose header has been read, may be: `usual`, or the route's
  // own bound for those who prove already by the header that they may come.
  std::size_t BodyBytesMax(const Request& head, const Match& match, std::size_t usual) const;
  // Never throws and never gives less than an answer.
  Response Serve(const Request& request, const Match& match) const;

 private:
  std::optional<Response> AuthoriseCluster(const Request& request) const;
  std::optional<Response> Authorise(const Route& route, Context* context) const;
  // Who asks, by the token that they sent.
  std::optional<Response> Identify(const Route& route, Context* context) const;
  // Into the project that the request is about, if it is about one.
  std::optional<Response> Enter(const Route& route, Context* context) const;
  Response RefuseUnmatched(const Request& request, const Match& match) const;
  // For callers that a browser identifies by itself: only from our own pages.
  std::optional<Response> RefuseForgery(const Request& request) const;

  std::span<const Route> routes_;
  // Those without parameters, by path.
  std::map<std::string_view, std::vector<const Route*>> exact_;
  service::Services& services_;
  RouterOptions options_;
  const std::unique_ptr<StaticFolder> view_;
  const v1::TaskTexts task_texts_;
};

// The session cookie's name. Plain HTTP has no __Host- prefix.
inline constexpr std::string_view kSessionCookie = "gophercron_session";
// Sent by our pages with every change; a foreign page can not send it.
inline constexpr std::string_view kForgeryHeader = "x-gophercron";

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_ROUTER_H_
