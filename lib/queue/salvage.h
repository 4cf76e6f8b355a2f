// A damaged database is not repaired: what can be read of it goes into a new one, and the old one is kept beside it.
//
//   queue.db.salvaging     being filled; whatever is found of one is thrown away
//   queue.db.salvaged      complete and on stable storage, to become queue.db
//   queue.db.damaged-TIME  what was queue.db, with its log under the same name and "-wal"
//
// Killed at any moment, the next start goes on from there. Rows are read page by page (damaged_file.h, raw_row.h), told
// apart by the types of their columns, and keep their keys. Bounded memory: a page, a row, a bit for each page.
//
// Nothing is sent that is not whole: a message whose envelope or content does not agree with its checksum, or is not all
// there, is kept as a dead letter under its id. Where a part of the log is missing, what seems to wait may have been sent:
// it is in doubt. What is known by its id alone is lost, which its history says from then on.
#pragma once

#include <string>

#include "lib/queue/queue.h"

namespace outpost::queue {

// Makes queue.db.salvaged of the database `path` and its log. `path` may be open meanwhile, but must not be written to.
Result<Salvaged> Salvage(const std::string& path);
// Puts queue.db.salvaged, if there is one, in the place of `path`, which must be closed, and says where that is now:
// "" when there was none.
Result<std::string> FinishSalvage(const std::string& path);

}  // namespace outpost::queue
