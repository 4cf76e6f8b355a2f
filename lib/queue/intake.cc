#include "lib/queue/intake.h"

#include <cerrno>

#include "lib/queue/row_format.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Cat;
using sys::Error;

// The id, and whether its message is still on its way in.
constexpr std::string_view kFindIntake =
    "SELECT id, EXISTS(SELECT 1 FROM history JOIN message ON message.key = history.message "
    "WHERE history.id = intake.id AND removed IS NULL AND state = 'incoming') "
    "FROM intake WHERE uid = ? AND size = ? AND digest = ? ";

// What only a bug upstream, or somebody who speaks in its place, can send.
const char* FaultOf(const NewMessage& message, uint64_t content_bytes, std::span<const Route> routes) {
  if (message.envelope.recipients.size() != routes.size()) return "recipients and routes differ in number";
  if (routes.empty() || routes.size() > mail::kMaxRecipients) return "number of recipients";
  if (message.header_bytes > content_bytes) return "header larger than content";
  if (message.arrival.count() < 0) return "arrival before the epoch";
  if (const char* fault = Fault(message.envelope)) return fault;
  for (const auto& recipient : message.envelope.recipients) {
    if (const char* fault = Fault(recipient)) return fault;
  }
  for (const auto& route : routes) {
    if (const char* fault = Fault(route)) return fault;
  }
  return nullptr;
}

// Without recipients, as it will be read.
QueuedMessage AsQueued(MessageKey key, const NewMessage& message, uint64_t content_bytes) {
  QueuedMessage queued;
  queued.key = key;
  queued.id = message.id;
  queued.envelope.sender = message.envelope.sender;
  queued.envelope.envelope_id = message.envelope.envelope_id;
  queued.envelope.ret = message.envelope.ret;
  queued.envelope.body = message.envelope.body;
  queued.envelope.smtputf8 = message.envelope.smtputf8;
  queued.origin = message.origin;
  queued.uid = message.uid;
  queued.arrival = message.arrival;
  queued.content_bytes = content_bytes;
  queued.header_bytes = message.header_bytes;
  return queued;
}

}  // namespace

Intake::Intake(Connection& connection, Contents& contents, History& history, Totals& totals, Users& users)
    : connection_(connection),
      contents_(contents),
      history_(history),
      totals_(totals),
      users_(users),
      find_by_token_(connection, "look for a submission in", Cat(kFindIntake, "AND token = ?")),
      find_by_id_(connection, "look for a submission in", Cat(kFindIntake, "AND id = ?")),
      knows_id_(connection, "look for a submission in", "SELECT 1 FROM intake WHERE id = ?"),
      insert_message_(
          connection, "store a message in",
          "INSERT INTO message(key, id, state, origin, sender, arrival, waiting_since, size, header_size, uid, "
          "envid, ret, is_8bit, smtputf8, checksum, surplus) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
          "?)"),
      insert_recipient_(
          connection, "store a recipient in",
          "INSERT INTO recipient(message, number, address, original, notify, orcpt, state, since, "
          "generation, transport, next_hop, next_attempt, checksum, bulk, uid, last_text, attempts, last_status) "
          "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '')"),
      insert_intake_(connection, "store a submission in",
                     "INSERT INTO intake(id, uid, token, size, digest) VALUES(?, ?, ?, ?, ?)"),
      find_invisible_(connection, "find a message in",
                      "SELECT id, size, uid, (SELECT last_text FROM recipient WHERE message = key AND number = 0) "
                      "FROM message WHERE key = ? AND state = 'incoming'"),
      any_invisible_(connection, "sweep",
                     "SELECT key FROM message WHERE state <> 'queued' AND state = 'incoming' LIMIT 1"),
      publish_message_(connection, "publish a message in", "UPDATE message SET state = 'queued' WHERE key = ?"),
      publish_recipients_(connection, "publish a message in",
                          "UPDATE recipient SET state = ?1, since = ?2, next_attempt = ?2 WHERE message = ?3"),
      hide_message_(connection, "discard a message in", "UPDATE message SET state = 'gone' WHERE key = ?"),
      forget_(connection, "forget a submission in", "DELETE FROM intake WHERE id = ?"),
      accepted_before_(connection, "list submissions in",
                       "SELECT id FROM intake WHERE id > ? AND id < ? ORDER BY id LIMIT ?") {}

Result<void> Intake::Start() {
  const auto last = connection_.ReadNumber("SELECT ifnull(max(key), 0) FROM message", "open");
  if (!last) return last.error();
  if (*last < 0 || *last > kLastMessageKey) return Error("open: message number out of range", EUCLEAN);
  last_key_ = *last;
  return {};
}

Result<std::optional<KnownSubmission>> Intake::FindKnown(const IntakeKey& key) {
  const auto read = [](Rows rows) -> Result<std::optional<KnownSubmission>> {
    const auto found = rows.Next();
    if (!found) return found.error();
    const auto id = *found ? mail::QueueId::Parse(rows.Text(0)) : std::nullopt;
    if (!id) return std::optional<KnownSubmission>();
    return std::optional(KnownSubmission{*id, rows.Integer(1) == 0});
  };
  if (!key.token.empty()) {
    auto found = read(Rows(find_by_token_, key.uid, key.record_bytes, key.digest, key.token));
    if (!found || found.value()) return found;
  }
  return read(Rows(find_by_id_, key.uid, key.record_bytes, key.digest, key.id.text()));
}

Result<bool> Intake::IsIdTaken(const mail::QueueId& id) {
  auto accepted = Rows(knows_id_, id.text()).Next();
  if (!accepted || *accepted) return accepted;
  return history_.Knows(id);
}

Result<void> Intake::InsertMessage(MessageKey key, const NewMessage& message, uint64_t content_bytes,
                                   bool visible) {
  const mail::Envelope& envelope = message.envelope;
  return insert_message_.Run(key, message.id.text(), visible ? "queued" : "incoming", ToString(message.origin),
                             envelope.sender, message.arrival, totals_.clock(), content_bytes, message.header_bytes,
                             message.uid, envelope.envelope_id, ToString(envelope.ret),
                             envelope.body == mail::BodyType::k8BitMime ? 1 : 0, envelope.smtputf8 ? 1 : 0,
                             ChecksumOf(AsQueued(key, message, content_bytes)), message.surplus.empty() ? 0 : 1);
}

Result<void> Intake::InsertRecipients(MessageKey key, const NewMessage& message, uint64_t content_bytes,
                                      std::span<const Route> routes, int64_t generation, bool visible) {
  // Invisible ones are in no state of RecipientState, so that no index of what waits has them.
  const std::string_view state = !visible ? "incoming" : message.surplus.empty() ? "queued" : "held";
  const int bulk = LaneOf(routes.size(), content_bytes) == Lane::kBulk ? 1 : 0;
  for (size_t number = 0; number < routes.size(); ++number) {
    const mail::Recipient& recipient = message.envelope.recipients[number];
    const Route& route = routes[number];
    const std::string notify = recipient.notify.ToString();
    const int64_t checksum = ChecksumOf(key, static_cast<int64_t>(number), recipient, notify);
    auto inserted = insert_recipient_.Run(
        key, number, recipient.address, recipient.original, notify, recipient.orcpt, state, message.arrival,
        generation, route.transport, route.next_hop, message.arrival, checksum, bulk, message.uid, message.surplus);
    if (!inserted) return inserted;
  }
  return {};
}

Result<Stored> Intake::InsertRows(const NewMessage& message, uint64_t content_bytes, std::span<const Route> routes,
                                  int64_t generation, bool visible) {
  if (const char* fault = FaultOf(message, content_bytes, routes)) {
    return Error(Cat("store message ", message.id.text(), ": ", fault), EINVAL);
  }
  const MessageKey key = ++last_key_;
  if (auto added = history_.Add(key, message, content_bytes); !added) return added.error();
  if (auto inserted = InsertMessage(key, message, content_bytes, visible); !inserted) return inserted.error();
  if (auto inserted = InsertRecipients(key, message, content_bytes, routes, generation, visible); !inserted)
    return inserted.error();
  if (!message.token.empty()) {
    auto inserted =
        insert_intake_.Run(message.id.text(), message.uid, message.token, message.record_bytes, message.digest);
    if (!inserted) return inserted.error();
  }
  if (visible) {
    totals_.AddMessages(1);
    if (message.origin == Origin::kSubmission) {
      auto counted = CountIn(message.id.text(), message.uid, message.surplus, message.arrival);
      if (!counted) return counted.error();
    }
  }
  return Stored{key, MakeRecipientKey(key, 0)};
}

Result<void> Intake::CountIn(std::string_view id, uint32_t uid, std::string_view surplus, Microseconds now) {
  users_.Add(uid, !surplus.empty(), 1);
  return surplus.empty() ? Result<void>() : users_.NoteHeld(id, surplus, now);
}

Result<Stored> Intake::Insert(const NewMessage& message, const sys::ReadOnlyFd& content,
                              std::span<const Route> routes, int64_t generation) {
  if (content.size() > kContentChunk) return Error("store message: content too large for one piece", EINVAL);
  std::string bytes(static_cast<size_t>(content.size()), '\0');
  const auto count = sys::ReadAt(content.view(), bytes, 0);
  if (!count) return count.error();
  if (*count != bytes.size()) return Error("store message: content shorter than its descriptor said", EBADMSG);
  auto stored = InsertRows(message, bytes.size(), routes, generation, true);
  if (!stored) return stored;
  if (auto kept = contents_.Store(stored->key, bytes); !kept) return kept.error();
  return stored;
}

Result<Stored> Intake::InsertInvisible(const NewMessage& message, uint64_t content_bytes,
                                       std::span<const Route> routes, int64_t generation) {
  return InsertRows(message, content_bytes, routes, generation, false);
}

Result<Intake::Invisible> Intake::FindInvisible(MessageKey message) {
  Rows rows(find_invisible_, message);
  const auto found = rows.Next();
  if (!found) return found.error();
  if (!*found) return Error("find a message that is coming in: there is none of this number", ENOENT);
  return Invisible{std::string(rows.Text(0)), static_cast<uint64_t>(rows.Integer(1)),
                   static_cast<uint32_t>(rows.Integer(2)), std::string(rows.Text(3))};
}

Result<void> Intake::Append(MessageKey message, std::string_view chunk) {
  if (const auto invisible = FindInvisible(message); !invisible) return invisible.error();
  return contents_.Append(message, chunk);
}

Result<void> Intake::Publish(MessageKey message, Microseconds now) {
  const auto invisible = FindInvisible(message);
  if (!invisible) return invisible.error();
  const auto extent = contents_.Measure(message);
  if (!extent) return extent.error();
  if (extent->bytes != invisible->size) {
    connection_.MarkFailed();
    return Error(
        Cat("publish message ", invisible->id, ": content is ", extent->bytes, " bytes of ", invisible->size),
        EBADMSG);
  }
  if (auto published = publish_message_.Run(message); !published) return published;
  if (auto published = publish_recipients_.Run(invisible->surplus.empty() ? "queued" : "held", now, message);
      !published)
    return published;
  totals_.AddMessages(1);
  return CountIn(invisible->id, invisible->uid, invisible->surplus, now);
}

Result<void> Intake::Discard(MessageKey message) {
  const auto invisible = FindInvisible(message);
  if (!invisible) return invisible.error();
  if (const auto id = mail::QueueId::Parse(invisible->id)) {
    if (auto forgotten = forget_.Run(id->text()); !forgotten) return forgotten;
    if (auto erased = history_.Erase(*id); !erased) return erased;
  }
  return hide_message_.Run(message);
}

Result<void> Intake::Forget(std::span<const mail::QueueId> ids) {
  for (const auto& id : ids) {
    if (auto forgotten = forget_.Run(id.text()); !forgotten) return forgotten;
  }
  return {};
}

Result<std::vector<mail::QueueId>> Intake::AcceptedBefore(Microseconds made_before, const mail::QueueId& after,
                                                          size_t limit) {
  // Ids are in the order of their time.
  const auto first_kept = mail::QueueId::Make(made_before, 0);
  std::vector<mail::QueueId> ids;
  Rows rows(accepted_before_, after.text(), first_kept.text(), limit);
  while (true) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return ids;
    if (auto id = mail::QueueId::Parse(rows.Text(0))) ids.push_back(std::move(*id));
  }
}

Result<std::optional<MessageKey>> Intake::AnyInvisible() {
  Rows rows(any_invisible_);
  const auto found = rows.Next();
  if (!found) return found.error();
  if (!*found) return std::optional<MessageKey>();
  return std::optional<MessageKey>(rows.Integer(0));
}

Result<void> Intake::Sweep() {
  while (true) {
    const auto message = AnyInvisible();
    if (!message) return message.error();
    if (!message.value()) return {};
    if (auto discarded = Discard(**message); !discarded) return discarded;
  }
}

}  // namespace outpost::queue
