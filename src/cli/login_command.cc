// `gophercron login`
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <string>

#include "cli/api_commands.h"
#include "cli/password_prompt.h"
#include "cli/service_session.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  std::string account = "admin";
  bool password_stdin = false;
  bool all = false;
};

Result<int> Login(ServiceSession& session, const Options& options) {
  auto password =
      options.password_stdin
          ? ReadPasswordFromStdin()
          : AskPassword(fmt::format("Password of {} at {}: ", Printable(options.account),
                                    session.client().endpoint().url));
  if (!password) return std::unexpected(std::move(password).error());
  const auto answer =
      session.Call({.method = "POST",
                    .path = "/api/v2/session",
                    .body = json::object{{"account", options.account}, {"password", *password}}});
  if (!answer) {
    if (answer.error().code == ErrorCode::kUnauthenticated) {
      PrintError(answer.error(), {});
      return kExitNotSignedIn;
    }
    return std::unexpected(answer.error());
  }
  const std::string token = TextOf(answer->body, "token");
  if (token.empty()) return Fail(ErrorCode::kInternal, "the service's answer holds no token");
  const auto saved = SaveLogin({.url = session.client().endpoint().url, .token = token});
  if (!saved) return std::unexpected(saved.error());
  if (session.json()) {
    // The token stays in its file: what is printed ends up in logs.
    session.PrintJson({{"url", session.client().endpoint().url},
                       {"account", options.account},
                       {"expires_at", TextOf(answer->body, "expires_at")},
                       {"saved_in", saved->string()}});
  } else {
    PrintText(fmt::format("signed in to {} as {}; kept in {}\n", session.client().endpoint().url,
                          Printable(options.account), saved->string()));
  }
  return kExitOk;
}

Result<int> WhoAmI(ServiceSession& session) {
  const auto me = session.Get("/api/v2/session");
  if (!me) return std::unexpected(me.error());
  if (session.json()) {
    session.PrintJson(me->body);
  } else {
    PrintText(
        fmt::format("{}{} at {}\n", Printable(TextOf(me->body, "account")),
                    json::Bool(me->body, "administrator").value_or(false) ? " (administrator)" : "",
                    session.client().endpoint().url));
  }
  return kExitOk;
}

// The saved login stays where it is: it counts no more.
Result<int> Logout(ServiceSession& session, bool all) {
  const auto out = session.Call(
      {.method = "DELETE", .path = all ? "/api/v2/session?all=true" : "/api/v2/session"});
  if (!out) return std::unexpected(out.error());
  if (session.json()) {
    session.PrintJson({{"url", session.client().endpoint().url}, {"ended", all ? "all" : "this"}});
  } else {
    PrintText(all ? "all sessions of this account have ended; API tokens stay\n"
                  : "signed out; other sessions of this account and its API tokens stay\n");
  }
  return kExitOk;
}

}  // namespace

void AddLoginCommand(CLI::App& app, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* login = app.add_subcommand("login", "Signs in to a service and remembers it");
  AddSessionOptions(*login, options->session);
  login->add_option("--account", options->account, "Account")->capture_default_str();
  login->add_flag("--password-stdin", options->password_stdin,
                  "Read the password from stdin instead of asking for it");
  login->footer(
      "Examples:\n"
      "  gophercron login --url http://cron.example:6306 --account ana\n"
      "  pass cron | gophercron login --url http://cron.example:6306 --account ana "
      "--password-stdin\n\n"
      "On the machine of a standalone no login is needed: its own user finds everything in the "
      "data "
      "folder.");
  login->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Login(session, *options); });
  });

  CLI::App* who = app.add_subcommand("whoami", "Says as whom the commands act, and where");
  AddSessionOptions(*who, options->session);
  who->callback([options, exit_code] { *exit_code = RunCommand(options->session, WhoAmI); });

  CLI::App* logout = app.add_subcommand("logout", "Ends the session that `login` began");
  AddSessionOptions(*logout, options->session);
  logout->add_flag("--all", options->all, "End all sessions of the account, in browsers too");
  logout->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Logout(session, options->all); });
  });
}

}  // namespace gophercron::cli
