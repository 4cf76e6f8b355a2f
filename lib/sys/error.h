// Error and Result<T>: how a function of ours says that the environment did not let it.
//
// An Error's text says what was attempted on what, and why it failed ("open /etc/outpost/main.cf: Permission
// denied"); callers add context with Within(). Bugs abort, outcomes of a delivery are data (lib/mail/verdict.h):
// neither travels as an Error. Result<T> has the member names of C++23's std::expected.
#pragma once

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace outpost::sys {

class Error {
 public:
  // For failures without an errno.
  explicit Error(std::string text, int code = 0) : text_(std::move(text)), code_(code) {}

  // "ATTEMPTED: strerror(code)". `attempted` names the action and its object.
  static Error FromErrno(std::string_view attempted, int code = errno);

  const std::string& text() const { return text_; }
  // The errno, or 0 when there was none.
  int code() const { return code_; }

  // The same error, "CONTEXT: TEXT".
  Error Within(std::string_view context) const;

 private:
  std::string text_;
  int code_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  // Calling these on the other state is a bug and aborts.
  T& value() & { return *Checked(); }
  const T& value() const& { return *const_cast<Result*>(this)->Checked(); }
  T&& value() && { return std::move(*Checked()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return Checked(); }
  const T* operator->() const { return const_cast<Result*>(this)->Checked(); }
  const Error& error() const {
    const Error* error = std::get_if<1>(&state_);
    if (error == nullptr) __builtin_trap();
    return *error;
  }

 private:
  T* Checked() {
    T* value = std::get_if<0>(&state_);
    if (value == nullptr) __builtin_trap();
    return value;
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  const Error& error() const {
    if (!error_) __builtin_trap();
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace outpost::sys
