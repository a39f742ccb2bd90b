// Accounts of a data folder on which nothing runs.
#ifndef GOPHERCRON_CLI_OFFLINE_ACCOUNTS_H_
#define GOPHERCRON_CLI_OFFLINE_ACCOUNTS_H_

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace gophercron::cli {

// Sets the password, or takes it away and gives a code to sign in with. Holds the folder meanwhile,
// so that no standalone can start on it. kConflict when one runs; kNotFound when the folder holds
// no installation or no such account.
Result<std::optional<std::string>> ResetPasswordOffline(const std::filesystem::path& data,
                                                        const std::string& account,
                                                        const std::optional<std::string>& password);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_OFFLINE_ACCOUNTS_H_
