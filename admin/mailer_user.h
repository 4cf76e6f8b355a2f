// Who the mailer is: the user whose rights decide what it can read and who owns its queue.
#pragma once

#include "admin/environment.h"
#include "conf/tables/file_rights.h"

namespace outpost::admin {

// mail_owner where root asks, or where the queue is that user's already; else this process's own user, who then runs
// the mailer for themselves. An Error when there is no such user as mail_owner.
sys::Result<conf::FileReader> FindMailerUser(const spool::SpoolPaths& paths, const std::string& mail_owner);

}  // namespace outpost::admin
