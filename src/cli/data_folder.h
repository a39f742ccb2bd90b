// The folder of a `standalone`: what stands in it, and that only one process uses it.
//
//   lock             held by the process that uses the folder; its pid
//   node             this node's id, made once
//   api.json         address and an administrator's token, mode 0600, while a process runs
//   coordination.db  keys: definitions, marks, run keys, triggers, settings
//   store.db         users, projects, ledger, output
//   spool.db         results on their way to the store
#ifndef GOPHERCRON_CLI_DATA_FOLDER_H_
#define GOPHERCRON_CLI_DATA_FOLDER_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace gophercron::cli {

// Makes the folder with mode 0700 where it is absent. Refuses one that others may write to.
Status PrepareFolder(const std::filesystem::path& folder);

// This node's id: read, or made and written durably.
Result<std::string> ReadOrMakeNodeId(const std::filesystem::path& folder, const Clock& clock,
                                     Random& random);

// Writes a file that only its owner can read, whole or not at all, durable on return.
Status WritePrivateFile(const std::filesystem::path& path, std::string_view text);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_DATA_FOLDER_H_
