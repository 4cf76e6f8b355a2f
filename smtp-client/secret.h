// Text that must not stay in memory: wiped when it goes, never copied, never printed.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outpost::smtp_client {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : bytes_(text.begin(), text.end()) {}
  // Room for one, to be read into.
  explicit Secret(size_t size) : bytes_(size) {}
  Secret(Secret&&) noexcept = default;  // a vector's bytes stay where they are
  Secret& operator=(Secret&& other) noexcept {
    Wipe();
    bytes_ = std::move(other.bytes_);
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { Wipe(); }

  std::span<char> bytes() { return bytes_; }
  std::string_view reveal() const { return {bytes_.data(), bytes_.size()}; }
  void Wipe() {
    if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
    bytes_.clear();
  }

 private:
  std::vector<char> bytes_;
};

// For a string that has held a secret, such as a command that was sent.
inline void Wipe(std::string& text) {
  explicit_bzero(text.data(), text.size());
  text.clear();
}

struct Credential {
  std::string user;
  Secret password;
};

}  // namespace outpost::smtp_client
