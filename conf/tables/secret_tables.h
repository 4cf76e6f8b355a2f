// Tables of secrets, for smtp_sasl_password_maps alone: command:, credential:.
#pragma once

#include <memory>
#include <string_view>

#include "conf/tables/table.h"

namespace outpost::conf {

// command:/absolute/program, or command:{/absolute/program argument ...}: run without a shell, with the key as its last
// argument, as the user who asks, with nothing but a few variables of the environment. What it writes, one line, is the
// value; nothing written and exit status 0 means that the key is not there; whatever else happens is an Error: another
// exit status, more than one line or kMaxCommandOutput, or longer than kCommandTime, when it is killed with what it
// started. A key that begins with '-' or holds a control character is not there: it would be an option.
// The program must be a file of root or of this user that nobody else may write.
constexpr size_t kMaxCommandOutput = 16 * 1024;
sys::Result<std::unique_ptr<Table>> OpenCommandTable(std::string_view name);

// credential:NAME, a file of $CREDENTIALS_DIRECTORY (systemd.exec(5), LoadCredential=): of "key value" lines, as hash: is.
// Its path; an Error where there is no such directory, or NAME is no file name.
sys::Result<std::string> CredentialPath(std::string_view name);

}  // namespace outpost::conf
