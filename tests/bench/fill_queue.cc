// fill_queue: fills the queue of a stopped mailer, through lib/queue, so that the schema stands nowhere else: a million
// messages in about a minute. For tests/bench, and for whoever wants to see how a deep queue behaves.
//
// Run as the mail's owner. Routes are decided by the main.cf of --config, as the runner will find them: those that other
// settings decided it would decide anew, a million times beside what is to be seen.
#include <cstdio>
#include <span>
#include <string>
#include <sysexits.h>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "conf/configuration.h"
#include "conf/location.h"
#include "conf/settings.h"
#include "lib/queue/queue.h"
#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"
#include "queue-runner/policy.h"
#include "queue-runner/resolve.h"

namespace outpost {
namespace {

using queue::RecipientState;
using std::chrono::seconds;
using sys::Cat;
using sys::Microseconds;

constexpr uint64_t kBatch = 1000;  // messages a commit

constexpr std::string_view kHeader = "From: sender@example.com\nTo: recipient@example.net\nSubject: one of many\n";
constexpr std::string_view kLine = "0123456789012345678901234567890123456789012345678901234567890123456789\n";

enum class Kind { kNew, kDeferred, kHeld, kRemoved };

struct Options {
  std::string configuration;  // a directory
  std::string queue_directory;
  std::string sender = "sender@example.com";
  uint64_t messages = 1000000;
  uint64_t recipients = 1;
  uint64_t domains = 1;
  uint64_t bytes = 1024;
  int64_t age = 0;
  int64_t due_in = 3600;
  int64_t due_within = 0;
  uint32_t uid = 1000;
  Kind kind = Kind::kNew;
};

class Filler {
 public:
  Filler(queue::Queue& queue, const Options& options, queue_runner::RoutingRules rules)
      : queue_(queue),
        options_(options),
        rules_(std::move(rules)),
        generation_(queue_runner::Generation(rules_)),
        arrival_(sys::WallClock() - seconds(options.age)) {}

  sys::Result<void> Fill() {
    auto content = sys::SealedCopy(Content());
    if (!content) return content.error();
    for (uint64_t number = 0; number < options_.messages;) {
      if (auto begun = queue_.Begin(); !begun) return begun;
      for (const uint64_t end = std::min(number + kBatch, options_.messages); number < end; ++number) {
        if (auto added = Add(number, *content); !added) return added;
      }
      if (auto committed = queue_.Commit(); !committed) return committed;
    }
    return Age();
  }

 private:
  std::string Content() const {
    std::string content = Cat(kHeader, "\n");
    while (content.size() < options_.bytes) content += kLine;
    return content;
  }

  queue::NewMessage Message(uint64_t number) const {
    queue::NewMessage message;
    message.arrival = arrival_ + Microseconds(number);
    message.id = mail::QueueId::Make(message.arrival, number);
    message.envelope.sender = options_.sender;
    for (uint64_t i = 0; i < options_.recipients; ++i) {
      mail::Recipient recipient;
      const uint64_t domain = (number * options_.recipients + i) % options_.domains;
      recipient.address = Cat("recipient", i, "@d", domain, ".example.net");
      message.envelope.recipients.push_back(std::move(recipient));
    }
    message.uid = options_.uid;
    message.header_bytes = kHeader.size();
    message.message_id = Cat("<", message.id.text(), "@example.com>");
    message.token = Token();
    message.record_bytes = options_.bytes + 200;
    message.digest = Token();
    return message;
  }

  static std::string Token() {
    unsigned char random[16];
    sys::FillRandom(random);
    std::string text;
    for (const unsigned char byte : random) {
      for (const unsigned shift : {4U, 0U}) text += "0123456789abcdef"[unsigned{byte} >> shift & 15U];
    }
    return text;
  }

  sys::Result<void> Add(uint64_t number, const sys::ReadOnlyFd& content) {
    const queue::NewMessage message = Message(number);
    std::vector<queue::Route> routes;
    for (const auto& one : message.envelope.recipients) {
      routes.push_back(queue_runner::Resolve(one.address, rules_));
    }
    auto stored = queue_.Insert(message, content, routes, generation_);
    if (!stored) return stored.error();
    switch (options_.kind) {
      case Kind::kNew:
        return {};
      case Kind::kDeferred:
        return Record(number, *stored, RecipientState::kQueued);
      case Kind::kHeld:
        return Record(number, *stored, RecipientState::kHeld);
      case Kind::kRemoved:
        return queue_.Remove(stored->key, sys::WallClock());
    }
    return {};
  }

  sys::Result<void> Record(uint64_t number, const queue::Stored& stored, RecipientState state) {
    const auto spread = static_cast<uint64_t>(options_.due_within);
    const Microseconds due = sys::WallClock() + seconds(options_.due_in) +
                             seconds(spread == 0 ? 0 : number * spread / options_.messages);
    std::vector<queue::Outcome> outcomes;
    for (uint64_t i = 0; i < options_.recipients; ++i) {
      outcomes.push_back({stored.first_recipient + static_cast<queue::RecipientKey>(i), state, due, true, "4.4.1",
                          "connect to relay.example.com[192.0.2.1]:25: Connection timed out", ""});
    }
    return queue_.Record(stored.key, outcomes, sys::WallClock());
  }

  // All have been added at one reading of the waiting clock, which goes on by their age.
  sys::Result<void> Age() {
    queue_.SetWaitingClock(queue_.waiting_clock() + seconds(options_.age));
    if (auto begun = queue_.Begin(); !begun) return begun;
    return queue_.Commit();
  }

  queue::Queue& queue_;
  const Options& options_;
  queue_runner::RoutingRules rules_;
  int64_t generation_;
  Microseconds arrival_;
};

sys::Result<queue_runner::RoutingRules> ReadRules(const std::string& directory) {
  const auto location = conf::Locate(directory);
  if (!location) return location.error();
  conf::Configuration configuration = conf::Configuration::Load(*location);
  const conf::QueueRunnerSettings settings = conf::ReadQueueRunnerSettings(configuration);
  if (configuration.HasErrors()) return sys::Error(Cat(directory, ": the configuration is wrong"));
  return queue_runner::MakePolicy(settings).routing;
}

sys::Result<void> Run(const Options& options) {
  auto rules = ReadRules(options.configuration);
  if (!rules) return rules.error();
  const spool::SpoolPaths paths(options.queue_directory);
  auto lock = queue::QueueLock::TryTake(paths);
  if (!lock) return lock.error();
  if (!*lock) return sys::Error("the mailer is running");
  auto queue = queue::Queue::Open(paths, **lock);
  if (!queue) return queue.error();
  if (auto filled = Filler(*queue, options, std::move(*rules)).Fill(); !filled) return filled;
  return {};
}

}  // namespace
}  // namespace outpost

int main(int argc, char** argv) {
  using outpost::Kind;
  outpost::Options options;
  CLI::App app("Fills the queue of a stopped mailer.");
  app.add_option("--config", options.configuration, "the directory of the mailer's main.cf")->required();
  app.add_option("--queue", options.queue_directory, "queue_directory")->required();
  app.add_option("--sender", options.sender, "'' makes notices");
  app.add_option("--messages", options.messages);
  app.add_option("--recipients", options.recipients, "of each message")->check(CLI::Range(1, 100000));
  app.add_option("--domains", options.domains, "of the recipients, in turn")->check(CLI::PositiveNumber);
  app.add_option("--bytes", options.bytes, "of each content")->check(CLI::Range(128, 1024 * 1024));
  app.add_option("--age", options.age, "seconds that they have waited");
  app.add_option("--due-in", options.due_in, "deferred: seconds to the first next attempt");
  app.add_option("--due-within", options.due_within, "deferred: from the first to the last next attempt");
  app.add_option("--uid", options.uid, "of the submitter");
  app.add_option("--state", options.kind, "new, deferred, held, removed")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Kind>{
          {"new", Kind::kNew}, {"deferred", Kind::kDeferred}, {"held", Kind::kHeld}, {"removed", Kind::kRemoved}}));
  CLI11_PARSE(app, argc, argv);
  const auto done = outpost::Run(options);
  if (!done) fprintf(stderr, "fill_queue: %s\n", done.error().text().c_str());
  return done ? EX_OK : EX_SOFTWARE;
}
