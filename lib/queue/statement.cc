#include "lib/queue/statement.h"

namespace outpost::queue {
namespace {

// A null pointer would bind NULL.
const char* Pointer(std::string_view bytes) { return bytes.data() == nullptr ? "" : bytes.data(); }

}  // namespace

int Statement::Bind(int position, std::string_view text) {
  return sqlite3_bind_text64(statement_.get(), position, Pointer(text), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

int Statement::Bind(int position, Blob blob) {
  return sqlite3_bind_blob64(statement_.get(), position, Pointer(blob.bytes), blob.bytes.size(), SQLITE_STATIC);
}

Result<void> Statement::Prepare() {
  if (statement_) return {};
  sqlite3_stmt* prepared = nullptr;
  const int length = static_cast<int>(sql_.size()) + 1;
  if (sqlite3_prepare_v3(connection_.handle(), sql_.c_str(), length, SQLITE_PREPARE_PERSISTENT, &prepared,
                         nullptr) != SQLITE_OK) {
    return connection_.Fail(attempted_);
  }
  statement_.reset(prepared);
  return {};
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return Abandon();
}

Result<void> Statement::Finish() {
  if (auto stepped = Step(); !stepped) {
    connection_.MarkFailed();
    return stepped.error();
  }
  Reset();
  return {};
}

sys::Error Statement::Abandon() {
  auto error = connection_.Fail(attempted_);
  Reset();
  return error;
}

std::string_view Rows::Text(int column) const {
  sqlite3_stmt* statement = statement_.statement_.get();
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement, column))};
}

std::string_view Rows::Bytes(int column) const {
  sqlite3_stmt* statement = statement_.statement_.get();
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement, column))};
}

}  // namespace outpost::queue
