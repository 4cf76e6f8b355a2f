// outpost start | start-fg | stop | reload | flush | status: the words of `postfix`.
#pragma once

#include "admin/environment.h"
#include "lib/spool/paths.h"

namespace outpost::admin {

bool IsRunning(const spool::SpoolPaths& paths);

// Each returns the exit status, and has said on stderr what went wrong.

// In the background; returns when the mailer is ready, or has said why not. EX_CONFIG with all errors at once.
int Start(Environment& environment);
// Becomes the mailer; with `once`, for one queue run.
int StartInForeground(Environment& environment, bool once);
// Returns when the mailer is gone.
int Stop(const Environment& environment);
int Reload(Environment& environment);
int Flush(const Environment& environment);
// What waits of message `id`, or for recipients of `domain`, alone. EX_DATAERR for an id that is none or is not known.
int FlushMessage(const Environment& environment, const std::string& id);
int FlushDomain(const Environment& environment, const std::string& domain);
// sendmail -q: Flush, or one run in the foreground when no mailer runs.
int RunQueue(Environment& environment);
// EX_OK when it runs, 3 when not (as init scripts' status).
int Status(Environment& environment, bool as_json);

}  // namespace outpost::admin
