// A prepared statement: prepared at its first use and kept; an execution binds its values in order.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "lib/queue/connection.h"
#include "lib/sys/clock.h"

namespace outpost::queue {

// The year 9999: what is later, or as long before the epoch, is no time.
constexpr sys::Microseconds kLastTime{253402300800LL * 1000000};

struct Blob {
  std::string_view bytes;
};

class Statement {
 public:
  // `connection` must outlive it. `attempted` begins its errors: "store message".
  Statement(Connection& connection, const char* attempted, std::string sql)
      : connection_(connection), attempted_(attempted), sql_(std::move(sql)) {}

  // Makes a change, in the open batch. Texts and blobs are not copied: they live until this returns.
  template <typename... Values>
  Result<void> Run(const Values&... values) {
    if (auto allowed = connection_.CheckChange(attempted_); !allowed) return allowed;
    if (auto bound = BindAll(values...); !bound) return bound;
    return Finish();
  }
  // Rows that the last Run changed.
  int64_t rows_changed() const { return connection_.rows_changed(); }

 private:
  friend class Rows;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  template <typename... Values>
  Result<void> BindAll(const Values&... values) {
    if (auto ready = Prepare(); !ready) return ready;
    int position = 0;
    if ((... || (Bind(++position, values) != SQLITE_OK))) return Abandon();
    return {};
  }
  template <std::integral T>
  int Bind(int position, T value) {
    return sqlite3_bind_int64(statement_.get(), position, static_cast<int64_t>(value));
  }
  int Bind(int position, double value) { return sqlite3_bind_double(statement_.get(), position, value); }
  int Bind(int position, sys::Microseconds value) { return Bind(position, int64_t{value.count()}); }
  int Bind(int position, std::string_view text);
  int Bind(int position, Blob blob);

  Result<void> Prepare();
  Result<bool> Step();
  Result<void> Finish();
  sys::Error Abandon();
  void Reset() { sqlite3_reset(statement_.get()); }

  Connection& connection_;
  const char* attempted_;
  std::string sql_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// The rows of one execution of a query; the statement is free again when this ends. Bound texts must live as long.
class Rows {
 public:
  template <typename... Values>
  explicit Rows(Statement& statement, const Values&... values)
      : statement_(statement), bound_(statement.BindAll(values...)) {}
  ~Rows() {
    if (statement_.statement_) statement_.Reset();
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  // False at the end.
  Result<bool> Next() {
    if (!bound_) return bound_.error();
    return statement_.Step();
  }
  // Columns of the row, from 0. Texts live until the next Next().
  int64_t Integer(int column) const { return sqlite3_column_int64(statement_.statement_.get(), column); }
  bool IsNull(int column) const { return sqlite3_column_type(statement_.statement_.get(), column) == SQLITE_NULL; }
  double Real(int column) const { return sqlite3_column_double(statement_.statement_.get(), column); }
  std::string_view Text(int column) const;
  std::string_view Bytes(int column) const;
  // Within kLastTime, so that one can calculate with it, whatever stands there.
  sys::Microseconds Time(int column) const {
    return std::clamp(sys::Microseconds(Integer(column)), -kLastTime, kLastTime);
  }

 private:
  Statement& statement_;
  Result<void> bound_;
};

}  // namespace outpost::queue
