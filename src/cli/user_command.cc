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
  std::string name;
  bool administrator = false;
  bool no_administrator = false;
  bool yes = false;
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

Result<int> List(ServiceSession& session) {
  const auto users = session.List("/api/v2/users", 0);
  if (!users) return std::unexpected(users.error());
  if (session.json()) {
    session.PrintItems(*users);
    return kExitOk;
  }
  Table table({"ID", "ACCOUNT", "NAME", "WHAT"});
  for (const auto& item : *users) {
    const json::object& user = item.get_object();
    std::string what = json::Bool(user, "administrator").value_or(false) ? "administrator" : "";
    if (json::Bool(user, "must_change_password").value_or(false)) {
      what += what.empty() ? "has no password of its own yet" : ", no password of its own yet";
    }
    table.Add({Cell(TextOf(user, "user_id"), Colour::kDim), Cell(TextOf(user, "account")),
               Cell(TextOf(user, "name")), Cell(what)});
  }
  session.PrintTable(table);
  return kExitOk;
}

Result<int> Add(ServiceSession& session, const Options& options) {
  const auto password = NewPassword(options);
  if (!password) return std::unexpected(password.error());
  json::object body{{"account", options.account}, {"password", password->value_or("")}};
  if (!options.name.empty()) body["name"] = options.name;
  const auto made =
      session.Call({.method = "POST", .path = "/api/v2/users", .body = std::move(body)});
  if (!made) return std::unexpected(made.error());
  if (session.json()) {
    session.PrintJson(made->body);
  } else {
    PrintText(
        fmt::format("made account {}; let it into a project: gophercron member add {} "
                    "--project PROJECT\n",
                    Printable(options.account), Printable(options.account)));
  }
  return kExitOk;
}

Result<int> Edit(ServiceSession& session, const Options& options) {
  json::object body;
  if (!options.name.empty()) body["name"] = options.name;
  if (options.administrator || options.no_administrator) {
    body["administrator"] = options.administrator;
  }
  const auto changed = session.Call({.method = "PATCH",
                                     .path = "/api/v2/users/" + UrlEncode(options.account),
                                     .body = std::move(body)});
  if (!changed) return std::unexpected(changed.error());
  if (session.json()) {
    session.PrintJson(changed->body);
  } else {
    PrintText(fmt::format("changed account {}\n", Printable(options.account)));
  }
  return kExitOk;
}

Result<int> Delete(ServiceSession& session, const Options& options) {
  if (!options.yes && !Confirm(fmt::format("Delete the account {}?", Printable(options.account)))) {
    return kExitUsage;
  }
  const auto gone =
      session.Call({.method = "DELETE", .path = "/api/v2/users/" + UrlEncode(options.account)});
  if (!gone) return std::unexpected(gone.error());
  if (session.json()) {
    session.PrintJson({{"account", options.account}, {"deleted", true}});
  } else {
    PrintText(fmt::format("deleted account {}\n", Printable(options.account)));
  }
  return kExitOk;
}

void AddAccounts(CLI::App& user, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* list = user.add_subcommand("list", "All accounts; for administrators");
  AddSessionOptions(*list, options->session);
  list->callback([options, exit_code] { *exit_code = RunCommand(options->session, List); });

  CLI::App* add = user.add_subcommand("add", "Makes an account; for administrators");
  AddSessionOptions(*add, options->session);
  add->add_option("ACCOUNT", options->account, "What one signs in with")->required();
  add->add_option("--name", options->name, "For people; the account, unless said");
  add->add_flag("--password-stdin", options->password_stdin,
                "Read the password from stdin instead of asking for it");
  add->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Add(session, *options); });
  });

  CLI::App* edit = user.add_subcommand("edit", "Changes an account; for administrators");
  AddSessionOptions(*edit, options->session);
  edit->add_option("ACCOUNT", options->account, "Account")->required();
  edit->add_option("--name", options->name, "For people");
  CLI::Option* yes =
      edit->add_flag("--administrator", options->administrator, "May do everything everywhere");
  edit->add_flag("--no-administrator", options->no_administrator, "No longer")->excludes(yes);
  edit->callback([options, exit_code] {
    if (options->name.empty() && !options->administrator && !options->no_administrator) {
      *exit_code =
          UsageError("what shall change? Give --name, --administrator or --no-administrator");
      return;
    }
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Edit(session, *options); });
  });

  CLI::App* remove = user.add_subcommand("delete", "Deletes an account; for administrators");
  AddSessionOptions(*remove, options->session);
  remove->add_option("ACCOUNT", options->account, "Account")->required();
  remove->add_flag("-y,--yes", options->yes, "Do not ask");
  remove->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Delete(session, *options); });
  });
}

}  // namespace

void AddUserCommand(CLI::App& app, int* exit_code) {
  CLI::App* user = app.add_subcommand("user", "Accounts");
  user->require_subcommand(1);
  AddAccounts(*user, exit_code);
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
