#include "conf/tables/cidr.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <optional>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

struct Address {
  std::array<unsigned char, 16> bytes{};
  size_t bits = 0;  // 32 or 128
};

std::optional<Address> ParseAddress(std::string_view text) {
  Address address;
  const std::string terminated(text);
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) {
    address.bits = 32;
  } else if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) {
    address.bits = 128;
  } else {
    return std::nullopt;
  }
  return address;
}

// `address` without the bits after the first `bits`.
Address Masked(Address address, size_t bits) {
  for (size_t i = bits; i < address.bits; ++i) {
    address.bytes[i / 8] &= static_cast<unsigned char>(~(0x80U >> (i % 8)));
  }
  return address;
}

// "10.0.0.0/8", "[2001:db8::]/32" and "[2001:db8::/32]" alike: the brackets of lists of networks mean nothing here.
std::string WithoutBrackets(std::string_view word) {
  const size_t close = word.find(']');
  if (!word.starts_with('[') || close == std::string_view::npos) return std::string(word);
  const std::string_view after = word.substr(close + 1);
  if (!after.empty() && !after.starts_with('/')) return std::string(word);
  return sys::Cat(word.substr(1, close - 1), after);
}

}  // namespace

sys::Result<CompiledPattern> TakeNetwork(std::string_view* text) {
  const std::string_view word = text->substr(0, std::min(text->find_first_of(" \t"), text->size()));
  text->remove_prefix(word.size());
  const std::string written = WithoutBrackets(word);
  const std::string_view place = written;
  const size_t slash = std::min(place.find('/'), place.size());
  const auto network = ParseAddress(place.substr(0, slash));
  const auto bits = slash == place.size() ? std::optional<uint64_t>(network ? network->bits : 0)
                                          : sys::ParseDecimal(place.substr(slash + 1));
  if (!network || !bits || *bits > network->bits) {
    return sys::Error(sys::Cat("\"", sys::Printable(word, 80), "\" is no address, and no network (10.0.0.0/8)"));
  }
  if (Masked(*network, *bits).bytes != network->bytes) {
    return sys::Error(sys::Cat("\"", word, "\" has bits of a host, beyond the first ", *bits));
  }
  const auto matches = [network = *network, bits = *bits](std::string_view key, Groups*) {
    const auto address = ParseAddress(key);
    if (!address || address->bits != network.bits) return Matched::kOtherKind;
    return Masked(*address, bits).bytes == network.bytes ? Matched::kYes : Matched::kNo;
  };
  return CompiledPattern{matches, sizeof matches, 0, false};
}

}  // namespace outpost::conf
