#include "lib/queue/schema.h"

#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Cat;
using sys::Error;

constexpr int64_t kApplicationId = 0x4F757470;  // "Outp"

// What only a database without tables takes.
constexpr const char* kLayout = "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL";

// Recipients are found by (message, number), content by its packed key: neither needs a second index. States are
// words, so that a person with sqlite3 can read them. A checksum (checksum.h) is NULL where version 2 stored the row.
// New columns go to a table's end, here and in the steps below in the same order: salvage.h reads them by position.
constexpr const char* kTables = R"sql(
CREATE TABLE message(
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  state TEXT NOT NULL,
  origin TEXT NOT NULL,
  sender TEXT NOT NULL,
  arrival INTEGER NOT NULL,
  waiting_since INTEGER NOT NULL,
  size INTEGER NOT NULL,
  header_size INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  envid TEXT NOT NULL,
  ret TEXT NOT NULL,
  is_8bit INTEGER NOT NULL,
  smtputf8 INTEGER NOT NULL,
  checksum INTEGER,
  warned INTEGER NOT NULL DEFAULT 0,
  surplus INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX message_age ON message((sender = ''), waiting_since);
CREATE INDEX message_hidden ON message(state) WHERE state <> 'queued';
CREATE INDEX message_user ON message(surplus, uid) WHERE state = 'queued' AND origin = 'submission';

CREATE TABLE content(
  key INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL,
  checksum INTEGER
) STRICT;

CREATE TABLE recipient(
  message INTEGER NOT NULL REFERENCES message(key),
  number INTEGER NOT NULL,
  address TEXT NOT NULL,
  original TEXT NOT NULL,
  notify TEXT NOT NULL,
  orcpt TEXT NOT NULL,
  state TEXT NOT NULL,
  since INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  transport TEXT NOT NULL,
  next_hop TEXT NOT NULL,
  next_attempt INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  last_status TEXT NOT NULL,
  last_text TEXT NOT NULL,
  checksum INTEGER,
  bulk INTEGER NOT NULL DEFAULT 0 CHECK (bulk IN (0, 1)),
  uid INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(message, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipient_waiting ON recipient(generation, transport, next_hop, bulk, uid, next_attempt)
  WHERE state IN ('queued', 'in doubt');
CREATE INDEX recipient_dispatched ON recipient(state) WHERE state = 'dispatched';
CREATE INDEX recipient_unknown ON recipient(state)
  WHERE state NOT IN ('incoming', 'queued', 'dispatched', 'in doubt', 'held', 'sent', 'returned', 'dead');

CREATE TABLE intake(
  id TEXT PRIMARY KEY,
  uid INTEGER NOT NULL,
  token TEXT NOT NULL,
  size INTEGER NOT NULL,
  digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX intake_token ON intake(token);

CREATE TABLE history(
  id TEXT PRIMARY KEY,
  message INTEGER NOT NULL,
  removed INTEGER,
  arrival INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  sender TEXT NOT NULL,
  size INTEGER NOT NULL,
  recipients INTEGER NOT NULL,
  message_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX history_removed ON history(removed) WHERE removed IS NOT NULL;

CREATE TABLE event(
  id TEXT NOT NULL REFERENCES history(id),
  number INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  count INTEGER NOT NULL,
  kind TEXT NOT NULL,
  recipient TEXT NOT NULL,
  status TEXT NOT NULL,
  text TEXT NOT NULL,
  relay TEXT NOT NULL,
  PRIMARY KEY(id, number, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE destination(
  next_hop TEXT NOT NULL,
  account TEXT NOT NULL,
  window REAL NOT NULL,
  circuit TEXT NOT NULL,
  since INTEGER NOT NULL,
  depth INTEGER NOT NULL,
  certificate TEXT NOT NULL,
  last_error TEXT NOT NULL,
  PRIMARY KEY(next_hop, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE total(
  messages INTEGER NOT NULL,
  dead INTEGER NOT NULL,
  history_bytes INTEGER NOT NULL,
  clock INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO total VALUES(0, 0, 0, 0);
)sql";

// What version 3 has brought.
constexpr const char* kUntold = R"sql(
CREATE TABLE untold(
  key INTEGER PRIMARY KEY,
  reader TEXT NOT NULL,
  kind TEXT NOT NULL,
  since INTEGER NOT NULL,
  id TEXT NOT NULL,
  sender TEXT NOT NULL,
  arrival INTEGER NOT NULL,
  envid TEXT NOT NULL,
  address TEXT NOT NULL,
  original TEXT NOT NULL,
  orcpt TEXT NOT NULL,
  status TEXT NOT NULL,
  text TEXT NOT NULL,
  relay TEXT NOT NULL,
  expired INTEGER NOT NULL
) STRICT;
CREATE INDEX untold_reader ON untold(reader, kind);
)sql";

// From version 1, whose messages aged by the wall clock: they keep the age that they have now.
constexpr const char* kFromVersion1 = R"sql(
ALTER TABLE total ADD COLUMN clock INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message RENAME COLUMN waited TO waiting_since;
UPDATE message SET waiting_since = arrival - unixepoch() * 1000000;
DROP INDEX message_arrival;
CREATE INDEX message_age ON message((sender = ''), waiting_since);
)sql";

// From version 2, whose rows had no checksums and knew neither lanes (the numbers are LaneOf()'s) nor users; and which
// knew maildrop files only until their unlink was durable.
constexpr const char* kFromVersion2 = R"sql(
ALTER TABLE message ADD COLUMN checksum INTEGER;
ALTER TABLE content ADD COLUMN checksum INTEGER;
ALTER TABLE recipient ADD COLUMN checksum INTEGER;
ALTER TABLE recipient ADD COLUMN bulk INTEGER NOT NULL DEFAULT 0 CHECK (bulk IN (0, 1));
UPDATE recipient SET bulk = 1 WHERE message IN (SELECT key FROM message WHERE size > 262144) OR
  message IN (SELECT message FROM recipient GROUP BY message HAVING count(*) > 50);
ALTER TABLE recipient ADD COLUMN uid INTEGER NOT NULL DEFAULT 0;
UPDATE recipient SET uid = message.uid FROM message WHERE message.key = recipient.message;
ALTER TABLE intake DROP COLUMN maildrop;
DROP INDEX recipient_waiting;
CREATE INDEX recipient_waiting ON recipient(generation, transport, next_hop, bulk, uid, next_attempt)
  WHERE state IN ('queued', 'in doubt');
ALTER TABLE message ADD COLUMN warned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN surplus INTEGER NOT NULL DEFAULT 0;
CREATE INDEX message_user ON message(surplus, uid) WHERE state = 'queued' AND origin = 'submission';
CREATE INDEX recipient_unknown ON recipient(state)
  WHERE state NOT IN ('incoming', 'queued', 'dispatched', 'in doubt', 'held', 'sent', 'returned', 'dead');
)sql";

Result<void> MakeTables(Connection& connection) {
  const std::string sql = Cat("BEGIN IMMEDIATE;", kTables, kUntold, "PRAGMA application_id = ", kApplicationId,
                              ";PRAGMA user_version = ", kSchemaVersion, ";COMMIT");
  return connection.Execute(sql.c_str(), "make the tables of");
}

// Whether the database is empty: a new one, or one whose making was interrupted.
Result<bool> IsEmpty(Connection& connection) {
  const auto tables = connection.ReadNumber("SELECT count(*) FROM sqlite_schema", "open");
  if (!tables) return tables.error();
  return *tables == 0;
}

// All steps or none.
Result<void> Upgrade(Connection& connection, int64_t from) {
  const std::string sql = Cat("BEGIN IMMEDIATE;", from < 2 ? kFromVersion1 : "", from < 3 ? kFromVersion2 : "",
                              kUntold, "PRAGMA user_version = ", kSchemaVersion, ";COMMIT");
  auto upgraded = connection.Execute(sql.c_str(), "upgrade the tables of");
  if (!upgraded) (void)connection.Execute("ROLLBACK", "upgrade the tables of");
  return upgraded;
}

// The version of the schema that is there.
Result<int64_t> CheckIdentity(Connection& connection) {
  const auto application = connection.ReadNumber("PRAGMA application_id", "open");
  if (!application) return application.error();
  if (*application != kApplicationId)
    return Error(Cat("open ", connection.path(), ": not a queue of outpost"), EINVAL);
  auto version = connection.ReadNumber("PRAGMA user_version", "open");
  if (!version) return version.error();
  if (*version >= 1 && *version <= kSchemaVersion) return version;
  return Error(Cat("open ", connection.path(), ": its schema is version ", *version, ", this program knows ",
                   kSchemaVersion, " (made by another version of outpost; nothing was changed)"),
               EINVAL);
}

}  // namespace

Result<void> PrepareSchema(Connection& connection) {
  const auto empty = IsEmpty(connection);
  if (!empty) return empty.error();
  if (*empty) {
    if (auto laid_out = connection.Execute(kLayout, "open"); !laid_out) return laid_out;
    if (auto started = connection.StartLog(); !started) return started;
    return MakeTables(connection);
  }
  const auto version = CheckIdentity(connection);
  if (!version) return version.error();
  if (auto started = connection.StartLog(); !started) return started;
  return *version < kSchemaVersion ? Upgrade(connection, *version) : Result<void>();
}

}  // namespace outpost::queue
