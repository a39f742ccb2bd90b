// `gophercron user`
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cli/api_commands.h"
#include "cli/offline_accounts.h"
#include "cli/password_prompt.h"
#include "cli/service_session.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  std::string account = "admin";
  bool password_stdin = false;
  bool link = false;
};

// No password: a one-time link is asked for instead.
Result<std::optional<std::string>> NewPassword(const Options& options) {
  if (options.link) return std::nullopt;
  if (options.password_stdin) return ReadPasswordFromStdin();
  auto first = AskPassword(fmt::format("New password of {}: ", Printable(options.account)));
  if (!first) return std::unexpected(std::move(first).error());
  const auto second = AskPassword("Once more: ");
  if (!second) return std::unexpected(second.error());
  if (*first != *second) {
    return Fail(ErrorCode::kInvalidArgument, "the two are not the same; nothing was changed");
  }
  return std::move(*first);
}

void Say(const Options& options, const std::string& code, const std::string& url) {
  if (options.session.json) {
    json::object done = {{"account", options.account}, {"code", nullptr}};
    if (!code.empty()) done["code"] = code;
    PrintText(json::serialize(done) + "\n");
  } else if (code.empty()) {
    PrintText(fmt::format("{} has a new password; all sessions of the account have ended\n",
                          Printable(options.account)));
  } else if (url.empty()) {
    PrintText(
        fmt::format("{} signs in, once, with /admin/#code={} behind the address that the "
                    "standalone prints when it starts, as http://127.0.0.1:6306/admin/#code={}\n",
                    Printable(options.account), code, code));
  } else {
    PrintText(fmt::format("{} signs in, once, with: {}/admin/#code={}\n",
                          Printable(options.account), url, code));
  }
}

// Through the service, which is the only one that may write while it runs.
int ResetThroughService(const Options& options, const std::optional<std::string>& password) {
  return RunCommand(options.session, [&](ServiceSession& session) -> Result<int> {
    json::object body;
    if (password) body["new_password"] = *password;
    const auto done = session.Call(
        {.method = "POST",
         .path = fmt::format("/api/v2/users/{}/reset-password", UrlEncode(options.account)),
         .body = body});
    if (!done) return std::unexpected(done.error());
    Say(options, TextOf(done->body, "code"), session.client().endpoint().url);
    return kExitOk;
  });
}

int Reset(const Options& options) {
  const auto password = NewPassword(options);
  if (!password) {
    PrintError(password.error(), {});
    return ExitCodeFor(password.error().code);
  }
  if (!options.session.endpoint.url.empty()) return ResetThroughService(options, *password);
  const std::filesystem::path data = options.session.endpoint.data.empty()
                                         ? DefaultDataDirectory()
                                         : std::filesystem::path(options.session.endpoint.data);
  auto code = ResetPasswordOffline(data, options.account, *password);
  if (code) {
    Say(options, code->value_or(""), "");  // nothing runs, so nothing has an address yet
    return kExitOk;
  }
  // Somebody uses the folder: a standalone, which can be asked.
  if (code.error().code == ErrorCode::kConflict) return ResetThroughService(options, *password);
  PrintError(code.error(), {});
  return ExitCodeFor(code.error().code);
}

}  // namespace

void AddUserCommand(CLI::App& app, int* exit_code) {
  CLI::App* user = app.add_subcommand("user", "Accounts, on the machine itself");
  user->require_subcommand(1);
  auto options = std::make_shared<Options>();
  CLI::App* reset = user->add_subcommand("reset-password", "Sets a password without the old one");
  AddSessionOptions(*reset, options->session);
  reset->add_option("--account", options->account, "Account")->capture_default_str();
  CLI::Option* from_stdin = reset->add_flag("--password-stdin", options->password_stdin,
                                            "Read the new password from stdin");
  reset->add_flag("--link", options->link, "Take the password away and print a one-time link")
      ->excludes(from_stdin);
  reset->footer(
      "Works on the data folder itself when no standalone runs on it, else through that one.\n\n"
      "Examples:\n"
      "  gophercron user reset-password\n"
      "  gophercron user reset-password --account ana --link");
  reset->callback([options, exit_code] { *exit_code = Reset(*options); });
}

}  // namespace gophercron::cli
