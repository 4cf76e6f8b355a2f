// time_table TYPE:FILE KEYS LOOKUPS: loads the table, three times, and looks keys of the file KEYS up in it, in no order.
// Prints the medians: milliseconds to load, microseconds a lookup, both of processor time, so that what else the machine
// does counts less. For tests/bench/tables.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string_view>
#include <sysexits.h>
#include <vector>

#include "conf/tables/open_table.h"
#include "lib/sys/file.h"

namespace outpost {
namespace {

constexpr size_t kMaxKeys = size_t{1} << 30;  // bytes
constexpr size_t kRounds = 3;

double Milliseconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct Round {
  double load_ms = 0;
  double lookup_us = 0;
};

sys::Result<Round> Measure(const char* item, const std::vector<std::string_view>& keys, size_t lookups) {
  Round round;
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
  std::uniform_int_distribution<size_t> any(0, keys.size() - 1);
  double begin = Milliseconds();
  std::vector<conf::TextComplaints> complaints;
  const auto table = conf::OpenTable(item, &complaints);
  if (!table) return table.error();
  round.load_ms = Milliseconds() - begin;
  begin = Milliseconds();
  for (size_t i = 0; i < lookups; ++i) {
    const conf::Found found = (*table)->Find(keys[any(random)]);
    if (!found) return found.error();
    if (!*found) return sys::Error("a key is not found");
  }
  round.lookup_us = (Milliseconds() - begin) * 1e3 / static_cast<double>(lookups);
  return round;
}

int Run(const char* item, const char* file, size_t lookups) {
  const auto text = sys::ReadFile(file, kMaxKeys);
  if (!text || text->empty()) {
    std::fprintf(stderr, "%s: %s\n", file, text ? "has no keys" : text.error().text().c_str());
    return EX_NOINPUT;
  }
  const std::vector<std::string_view> keys = LinesOf(*text);
  std::array<Round, kRounds> rounds;
  for (Round& round : rounds) {
    const auto measured = Measure(item, keys, lookups);
    if (!measured) {
      std::fprintf(stderr, "%s: %s\n", item, measured.error().text().c_str());
      return EX_DATAERR;
    }
    round = *measured;
  }
  std::ranges::sort(rounds, {}, &Round::load_ms);
  const double load = rounds[kRounds / 2].load_ms;
  std::ranges::sort(rounds, {}, &Round::lookup_us);
  std::printf("%.1f %.2f\n", load, rounds[kRounds / 2].lookup_us);
  return EX_OK;
}

}  // namespace
}  // namespace outpost

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: time_table TYPE:FILE KEYS LOOKUPS\n", stderr);
    return EX_USAGE;
  }
  return outpost::Run(argv[1], argv[2], std::strtoul(argv[3], nullptr, 10));
}
