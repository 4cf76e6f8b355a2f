#include "queue-runner/salvage_report.h"

#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

std::string Summary(const queue::Salvaged& salvaged) {
  const std::string kept = Cat("the damaged one is kept as ", salvaged.aside);
  if (salvaged.was_interrupted) {
    return Cat("the queue database was damaged; a salvage that was interrupted is finished: ", kept);
  }
  return Cat("the queue database was damaged: ", salvaged.messages, " messages are saved in a new one, ",
             salvaged.damaged_count, " of them damaged and kept as dead letters; ", salvaged.lost_count,
             " are lost; ", salvaged.unreadable_pages, " pages and ", salvaged.unreadable_rows,
             " rows could not be read; ", kept);
}

}  // namespace

std::vector<std::string> SalvageLines(const queue::Salvaged& salvaged) {
  std::vector<std::string> lines = {Summary(salvaged)};
  for (const auto& one : salvaged.damaged) lines.push_back(Cat("kept as a dead letter: ", one));
  for (const auto& id : salvaged.lost) lines.push_back(Cat("lost: ", id, ": nothing of it could be read"));
  return lines;
}

AdministratorNotice SalvageNotice(const queue::Salvaged& salvaged) {
  AdministratorNotice notice;
  notice.notice_class = conf::NoticeClass::kData;
  notice.subject = "the queue database was damaged";
  notice.paragraphs = {
      "The file in which this host's mail waits to be sent was damaged, as a failing disk or memory does it. What "
      "could "
      "be read of it is in a new one, and mail goes on.",
      Cat(Summary(salvaged), "."),
      "Dead letters are shown by `mailq`, what is known of a message by `outpost trace ID`. Look at this host's "
      "disk "
      "before anything else; when you no longer need the damaged file, and the one beside it that ends in -wal, "
      "remove "
      "them."};
  const auto lines = SalvageLines(salvaged);
  for (size_t i = 1; i < lines.size() && notice.transcript.size() < kMaxTranscript; ++i) {
    notice.transcript += Cat(lines[i], "\n");
  }
  return notice;
}

}  // namespace outpost::queue_runner
