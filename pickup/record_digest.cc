#include "pickup/record_digest.h"

#include <xxhash.h>

namespace outpost::pickup {

struct RecordDigest::State {
  State() : hash(XXH3_createState()) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(hash); }
  XXH3_state_t* hash;
};

RecordDigest::RecordDigest(const spool::RecordHead& head) : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(state_->hash);
  spool::RecordHead asked_for = head;
  asked_for.id = mail::QueueId();
  asked_for.token.clear();
  asked_for.arrival = {};
  Feed(spool::FormatHead(asked_for));
}

RecordDigest::RecordDigest(RecordDigest&&) noexcept = default;
RecordDigest& RecordDigest::operator=(RecordDigest&&) noexcept = default;
RecordDigest::~RecordDigest() = default;

void RecordDigest::Feed(std::string_view bytes) { XXH3_128bits_update(state_->hash, bytes.data(), bytes.size()); }

std::string RecordDigest::Hexadecimal() const {
  const XXH128_hash_t digest = XXH3_128bits_digest(state_->hash);
  std::string out;
  for (const uint64_t half : {digest.high64, digest.low64}) {
    for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[(half >> shift) & 15];
  }
  return out;
}

}  // namespace outpost::pickup
