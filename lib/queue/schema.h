// The tables. docs/queue.md says what each holds and why it is shaped so.
#pragma once

#include "lib/queue/connection.h"

namespace outpost::queue {

constexpr int64_t kSchemaVersion = 3;

// Makes the tables of an empty database and checks those of another: ours (application_id), and not of a newer
// schema. Nothing is written to a database that is refused.
Result<void> PrepareSchema(Connection& connection);

}  // namespace outpost::queue
