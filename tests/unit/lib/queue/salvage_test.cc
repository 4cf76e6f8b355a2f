// A queue of 200 messages whose file is damaged in every way that a disk, or somebody, damages files. Whatever was done
// to it: each message that waited is afterwards whole and to be had once, or named, or on pages that could not be read;
// nothing that was sent is sent again, and nothing is sent that nobody wrote.
#include "lib/queue/salvage.h"

#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "lib/queue/damaged_file.h"
#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kMessages = 200;
constexpr uint64_t kLarge = 77;
constexpr size_t kDamagedPage = 4096;

std::string ContentOf(uint64_t number) {
  std::string content = sys::Cat("Subject: number ", number, "\n\n");
  const size_t lines = number == kLarge ? 60000 : number % 10 == 3 ? 400 : number % 5;
  for (size_t i = 0; i < lines; ++i) content += sys::Cat("line ", i, " of message ", number, "\n");
  return content;
}

// What has come of one damaged file.
struct Fate {
  std::map<std::string, std::multiset<std::string>> delivered;  // by id: recipients
  std::set<std::string> named;                                  // ids
  std::string texts;                                            // of reports
  uint64_t unreadable = 0;
  bool was_salvaged = false;
};

class QueueSalvage : public QueueTest {
 protected:
  QueueSalvage() : QueueTest("/dev/shm") {}  // hundreds of queues, of which none is to survive a power cut
  static void SetUpTestSuite() { undamaged_ = new Files; }
  static void TearDownTestSuite() { delete undamaged_; }
  struct Files {
    std::string database;
    std::string log;
    std::string database_alone;  // closed in order
  };

  // Of each ten messages the fourth has two recipients of which one is sent, the fifth is held, the sixth is in
  // doubt, the seventh dispatched, the eighth sent and removed.
  void Fill() {
    if (!undamaged_->database.empty()) return;
    for (uint64_t number = 1; number <= kMessages; number += 10) {
      Do([&]() -> Result<void> {
        for (uint64_t i = number; i < number + 10; ++i) {
          if (auto put = PutOne(i); !put) return put;
        }
        return {};
      });
    }
    undamaged_->database = Read(paths_->QueueDatabase());
    undamaged_->log = Read(paths_->QueueDatabase() + "-wal");
    Close();
    undamaged_->database_alone = Read(paths_->QueueDatabase());
  }
  // In the open batch.
  Result<void> PutOne(uint64_t number) {
    const NewMessage message = MakeMessage(number, number % 10 == 4 ? 2 : 1);
    const std::string content = ContentOf(number);
    const bool is_large = content.size() > kContentChunk;
    const auto stored = is_large ? queue().InsertInvisible(message, content.size(), RoutesOf(message), 1)
                                 : queue().Insert(message, MakeContent(content), RoutesOf(message), 1);
    if (!stored) return stored.error();
    for (size_t at = 0; is_large && at < content.size(); at += kContentChunk) {
      auto appended = queue().AppendContent(stored->key, std::string_view(content).substr(at, kContentChunk));
      if (!appended) return appended;
    }
    if (is_large) {
      if (auto published = queue().Publish(stored->key, kStart); !published) return published;
    }
    return Settle(number, *stored);
  }
  Result<void> Settle(uint64_t number, const Stored& stored) {
    const auto record = [&](RecipientState state) {
      return queue().Record(stored.key, std::vector{MakeOutcome(stored.first_recipient, state)}, kStart);
    };
    switch (number % 10) {
      case 4:
        return record(RecipientState::kSent);
      case 5:
        return record(RecipientState::kHeld);
      case 6:
        return record(RecipientState::kInDoubt);
      case 7:
        return queue().MarkDispatched(std::vector{stored.first_recipient}, kStart);
      case 8:
        if (auto recorded = record(RecipientState::kSent); !recorded) return recorded;
        return queue().Remove(stored.key, kStart);
      default:
        return {};
    }
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void Write(const std::string& database, const std::string& log = "") {
    Close();
    std::filesystem::remove_all(paths_->Private());
    std::filesystem::create_directories(paths_->Temporary());
    std::ofstream(paths_->QueueDatabase(), std::ios::binary) << database;
    if (!log.empty()) std::ofstream(paths_->QueueDatabase() + "-wal", std::ios::binary) << log;
  }

  void OpenOrSalvage(Fate& fate) {
    Close();
    auto lock = QueueLock::TryTake(*paths_);
    lock_ = std::move(lock.value());
    auto opened = Queue::OpenOrSalvage(*paths_, *lock_, [](const sys::Error&) {});
    ASSERT_TRUE(opened) << opened.error().text();
    if (opened->salvaged) Note(*opened->salvaged, fate);
    queue_ = std::make_unique<Queue>(std::move(opened->queue));
  }
  static void Note(const Salvaged& salvaged, Fate& fate) {
    fate.was_salvaged = true;
    for (const auto& one : salvaged.damaged) {
      fate.named.insert(one.substr(0, mail::QueueId::kLength));
      fate.texts += one + "\n";
    }
    fate.named.insert(salvaged.lost.begin(), salvaged.lost.end());
    fate.unreadable += salvaged.unreadable_pages + salvaged.unreadable_rows;
    EXPECT_TRUE(std::filesystem::exists(salvaged.aside)) << salvaged.aside;
  }
  void SalvageAmid(Fate& fate) {
    const auto salvaged = queue().Salvage();
    ASSERT_TRUE(salvaged) << salvaged.error().text();
    Note(*salvaged, fate);
  }

  // What a runner would do: all that can be had is delivered; where SQLite finds damage, it is salvaged first.
  Fate Drain() {
    Fate fate;
    OpenOrSalvage(fate);
    if (HasFatalFailure()) return fate;
    for (int attempt = 0; attempt < 4; ++attempt) {
      while (DeliverSome(fate)) continue;
      if (!queue().is_damaged()) {
        const auto wrong = queue().Verify();  // as `outpost queue verify`
        if (wrong && wrong->empty()) break;
      }
      SalvageAmid(fate);
      if (HasFatalFailure()) return fate;
    }
    NameTheDead(fate);
    return fate;
  }
  // Of any route: a damaged one is decided anew by whoever takes from it.
  Result<std::vector<QueuedRecipient>> NextDue() {
    constexpr auto kNow = kStart + std::chrono::hours(10000000);
    auto due = queue().Undecided(100);
    std::optional<DuePlace> place = DuePlace();
    while (due && due->empty() && place) {
      const auto step = queue().WalkDue(*place, kNow);
      if (!step) return step.error();
      for (const Route& route : step->routes) {
        for (const Lane lane : kLanes) {
          if (due && due->empty()) due = queue().Due(route, lane, kNow, 100);
        }
      }
      place = step->next;
    }
    return due;
  }
  bool DeliverSome(Fate& fate) {
    const auto due = NextDue();
    for (const auto& damaged : queue().TakeDamaged()) fate.texts += damaged.text + "\n";
    if (!due || due->empty()) return false;
    // One commit for all: nothing is delivered unless it is recorded.
    Fate more;
    bool recorded = !!queue().Begin();
    for (const auto& recipient : *due) recorded = recorded && Deliver(recipient, more);
    recorded = recorded && queue().Commit();
    if (!recorded) queue().Rollback();
    bool progress = false;
    for (const auto& damaged : queue().TakeDamaged()) {
      fate.texts += damaged.text + "\n";
      progress = true;
    }
    if (!recorded) return progress && !queue().is_damaged();
    for (auto& [id, recipients] : more.delivered) fate.delivered[id].merge(recipients);
    return progress || !more.delivered.empty();
  }
  // True as well for what has been set aside.
  bool Deliver(const QueuedRecipient& recipient, Fate& fate) {
    const auto message = queue().Message(recipient.message);
    if (!message) return false;
    if (!*message) return true;
    auto directory = sys::OpenDirectory(paths_->Temporary());
    auto content = queue().Content(recipient.message, *directory);
    if (!content) return content.error().code() == EBADMSG;
    std::string bytes(static_cast<size_t>(content->size()), '\0');
    EXPECT_EQ(*sys::ReadAt(content->view(), bytes, 0), bytes.size());
    const std::string id = (*message)->id.text();
    const auto number = static_cast<uint64_t>(((*message)->id.made_at() - kStart).count());
    EXPECT_TRUE(number >= 1 && number <= kMessages && bytes == ContentOf(number)) << "invented: " << number;
    EXPECT_EQ((*message)->envelope.sender, "sender@example.com") << number;
    const std::vector sent = {MakeOutcome(recipient.key, RecipientState::kSent)};
    if (!queue().Record(recipient.message, sent, kStart)) return false;
    fate.delivered[id].insert(recipient.recipient.address);
    return true;
  }
  void NameTheDead(Fate& fate) {
    const auto listed = queue().List(0, 1000, 10);
    ASSERT_TRUE(listed) << listed.error().text();
    for (const auto& one : *listed) {
      for (const auto& recipient : one.recipients) {
        if (recipient.state == RecipientState::kDead) fate.named.insert(one.message.id.text());
        if (recipient.state == RecipientState::kHeld) fate.delivered[one.message.id.text()].insert("held");
      }
    }
  }

  // `last_commits`: messages whose last changes may be missing without a word, because they are the log's end.
  void Judge(const Fate& fate, const std::string& damage) {
    for (uint64_t number = 1; number <= kMessages; ++number) {
      const std::string id = MakeId(number).text();
      std::multiset<std::string> expected = {"r0@example.net"};
      if (number % 10 == 4) expected = {"r1@example.net"};
      if (number % 10 == 5) expected = {"held"};
      if (number % 10 == 8) expected.clear();
      const auto found = fate.delivered.find(id);
      const auto got = found == fate.delivered.end() ? std::multiset<std::string>() : found->second;
      for (const auto& recipient : got) {
        EXPECT_TRUE(expected.count(recipient) == 1 && got.count(recipient) == 1)
            << damage << ": message " << number << " went to " << recipient << " " << got.count(recipient)
            << " times";
      }
      const bool accounted = got == expected || fate.named.contains(id) || fate.unreadable > 0 ||
                             fate.texts.find(id) != std::string::npos;
      EXPECT_TRUE(accounted) << damage << ": nothing is known of message " << number << "\n" << fate.texts;
    }
  }

  static Files* undamaged_;
};
QueueSalvage::Files* QueueSalvage::undamaged_ = nullptr;

TEST_F(QueueSalvage, HasNothingToDoWithAQueueThatIsWhole) {
  Fill();
  Write(undamaged_->database, undamaged_->log);
  const Fate fate = Drain();
  EXPECT_FALSE(fate.was_salvaged);
  EXPECT_THAT(fate.named, IsEmpty());
  Judge(fate, "none");
}

TEST_F(QueueSalvage, KeepsEverythingOfAFileThatOnlySeemsDamaged) {
  Fill();
  std::string database = undamaged_->database_alone;
  database[0] = 'X';
  Write(database);
  const Fate fate = Drain();
  EXPECT_TRUE(fate.was_salvaged);
  EXPECT_THAT(fate.named, IsEmpty());
  EXPECT_EQ(fate.unreadable, 0U);
  Judge(fate, "header");
  EXPECT_EQ(queue().Count()->messages, kMessages - kMessages / 10);
  EXPECT_THAT(TraceOf(8), ::testing::Contains(HasSubstr("removed")));
  EXPECT_TRUE(*queue().FindKnown({MakeId(9), 1000, "token-9", 5, "digest"}));
}

TEST_F(QueueSalvage, ReadsTheLogAsWell) {
  Fill();
  Write(undamaged_->database, undamaged_->log);
  Fate amid;
  OpenOrSalvage(amid);
  SalvageAmid(amid);
  const Fate fate = Drain();
  EXPECT_THAT(amid.named, IsEmpty());
  EXPECT_EQ(amid.unreadable, 0U);
  EXPECT_THAT(fate.named, IsEmpty());
  EXPECT_EQ(fate.unreadable, 0U);
  Judge(fate, "header, log");
}

TEST_F(QueueSalvage, AccountsForEveryMessageWhicheverBitFlips) {
  Fill();
  const std::string& whole = undamaged_->database_alone;
  std::seed_seq seed{1};  // the same damage each time
  std::mt19937 random(seed);
  // Each page that is not of the large message's text, at its front, and somewhere; the large one's now and then.
  size_t flips = 0;
  for (size_t page = 0; page < whole.size() / kDamagedPage; ++page) {
    const bool is_text = whole.compare(page * kDamagedPage + 200, 3000, std::string(3000, '\0')) != 0 &&
                         whole.substr(page * kDamagedPage + 200, 3000).find("of message 77") != std::string::npos;
    if (page % (is_text ? 50 : 3) != 0) continue;
    for (const size_t offset : {size_t{random() % 12}, size_t{random() % kDamagedPage}}) {
      std::string damaged = whole;
      const int bit = static_cast<int>(random() % 8);
      damaged[page * kDamagedPage + offset] = static_cast<char>(damaged[page * kDamagedPage + offset] ^ (1 << bit));
      Write(damaged);
      Judge(Drain(), sys::Cat("page ", page + 1, ", byte ", offset, ", bit ", bit));
      ++flips;
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(flips, 50U);
}

TEST_F(QueueSalvage, AccountsForEveryMessageWhicheverPageIsZero) {
  Fill();
  const std::string& whole = undamaged_->database_alone;
  for (size_t page = 0; page < whole.size() / kDamagedPage; page += page < 10 ? 1 : 11) {
    std::string damaged = whole;
    std::fill_n(damaged.begin() + static_cast<long>(page * kDamagedPage), kDamagedPage, '\0');
    Write(damaged);
    Judge(Drain(), sys::Cat("page ", page + 1, " zero"));
    if (HasFailure()) return;
  }
}

TEST_F(QueueSalvage, SavesWhatIsBeforeACut) {
  Fill();
  const std::string& whole = undamaged_->database_alone;
  for (const size_t eighths : {1U, 4U, 7U}) {
    Write(whole.substr(0, whole.size() * eighths / 8 + 100));
    const Fate fate = Drain();
    EXPECT_TRUE(fate.was_salvaged);
    EXPECT_GT(fate.delivered.size() + fate.named.size(), kMessages / 10 * eighths / 2) << eighths;
    for (const auto& [id, recipients] : fate.delivered) EXPECT_EQ(recipients.size(), 1U) << id;
  }
}

TEST_F(QueueSalvage, DoesNotTakeABrokenLogForItsEnd) {
  Fill();
  const std::string& log = undamaged_->log;
  constexpr size_t kFrame = 4096 + 24;
  std::seed_seq seed{2};  // the same damage each time
  std::mt19937 random(seed);
  const size_t frames = (log.size() - 32) / kFrame;
  for (size_t i = 0; i < 12; ++i) {
    std::string damaged = log;
    // Before the last two commits: a frame of the last one that is not whole may be a power cut's.
    const size_t at = i == 0 ? 5 : 32 + random() % ((frames / 2) * kFrame);
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    Write(undamaged_->database, damaged);
    const Fate fate = Drain();
    EXPECT_TRUE(fate.was_salvaged) << at;
    Judge(fate, sys::Cat("log, byte ", at));
    if (HasFailure()) return;
  }
}

// The power goes amid a long transaction, the log goes on in its place, and the power goes amid another: behind that is
// the rest of the first, which nobody was told of.
TEST_F(QueueSalvage, TakesNotTheRestsOfTwoPowerCutsForABrokenLog) {
  constexpr size_t kFrame = 4096 + 24;
  Put(1);
  const std::string log_path = paths_->QueueDatabase() + "-wal";
  const std::string database = Read(paths_->QueueDatabase());
  const std::string before = Read(log_path);
  Put(MakeMessage(2), std::string(200000, 'x'));
  const std::string first = Read(log_path);
  Write(database, before);
  Put(3);
  const std::string between = Read(log_path);
  Put(MakeMessage(4), std::string(30000, 'x'));
  std::string after = Read(log_path);
  ASSERT_GT(after.size(), between.size() + kFrame);
  ASSERT_GT(first.size(), after.size() + 2 * kFrame);
  after.replace(between.size(), kFrame, first, between.size(), kFrame);
  Write(database, after + first.substr(after.size()));
  EXPECT_FALSE(HasBrokenLog(paths_->QueueDatabase()));
  EXPECT_TRUE(queue().Find(MakeId(3))->has_value());
  EXPECT_FALSE(queue().Find(MakeId(4))->has_value());
}

TEST_F(QueueSalvage, SendsNothingAgainThatAnEventCallsSent) {
  Fill();
  // The log's last commits removed each tenth message; a log of garbage tells nothing of that, nor of what else changed.
  Write(undamaged_->database, std::string(undamaged_->log.size(), '\x5A'));
  Fate fate;
  OpenOrSalvage(fate);
  EXPECT_TRUE(fate.was_salvaged);
  EXPECT_THAT(DueAt(sys::WallClock()), IsEmpty()) << "whether it was sent is in doubt";
  for (const auto& one : DueAt(sys::WallClock() + std::chrono::hours(1))) {
    EXPECT_EQ(one.state, RecipientState::kInDoubt);
  }
}

// Its rows are as they were before it left: waiting, or held.
TEST_F(QueueSalvage, RemovesAMessageThatAnEventCallsSent) {
  for (const char* state : {"queued", "held"}) {
    const Stored stored = Put(1);
    Record(stored.key, MakeOutcome(stored.first_recipient, RecipientState::kSent));
    Edit(sys::Cat("UPDATE recipient SET state = '", state, "'"));
    const std::string database = Read(paths_->QueueDatabase());
    Write(database, std::string(5000, '\x5A'));
    Fate fate;
    OpenOrSalvage(fate);
    EXPECT_THAT(fate.named, IsEmpty()) << state;
    EXPECT_EQ(queue().Count()->messages, 0U) << state;
    EXPECT_THAT(TraceOf(1), ::testing::Contains(HasSubstr("removed"))) << state;
    Write("");
  }
}

TEST_F(QueueSalvage, ReadsALogWithoutADatabase) {
  Fill();
  Write("", undamaged_->log);
  const Fate fate = Drain();
  EXPECT_TRUE(fate.was_salvaged);
  for (const auto& [id, recipients] : fate.delivered) EXPECT_EQ(recipients.size(), 1U) << id;
}

TEST_F(QueueSalvage, BeginsANewQueueWhereThereIsNothingButZeros) {
  Write(std::string(100000, '\0'));
  Fate fate;
  OpenOrSalvage(fate);
  EXPECT_TRUE(fate.was_salvaged);
  EXPECT_EQ(queue().Count()->messages, 0U);
}

TEST_F(QueueSalvage, BringsNoDeletedRowsBack) {
  Fill();
  Write(undamaged_->database_alone);
  for (uint64_t number = 1; number <= kMessages; ++number) {
    const auto key = queue().Find(MakeId(number));
    if (*key) Do([&] { return queue().Remove(**key, kStart); });
  }
  while (*queue().Tidy()) continue;
  Close();
  std::string database = Read(paths_->QueueDatabase());
  ASSERT_GT(database.size(), 100000U) << "free pages are still there";
  database[0] = 'X';
  Write(database);
  const Fate fate = Drain();
  EXPECT_TRUE(fate.was_salvaged);
  EXPECT_TRUE(fate.delivered.empty());
  EXPECT_EQ(queue().Count()->messages, 0U);
}

// The page of a database, as the text of a mail.
TEST_F(QueueSalvage, TakesNoMailForAPageOfRows) {
  Fill();
  std::string page;
  for (size_t at = 0; at < undamaged_->database_alone.size(); at += kDamagedPage) {
    const std::string candidate = undamaged_->database_alone.substr(at, kDamagedPage);
    if (candidate[0] == '\x0A' && candidate.find("[relay.example.org]") != std::string::npos) page = candidate;
  }
  ASSERT_FALSE(page.empty());
  std::string text;
  // At every place that an overflow page can begin with.
  for (int i = 0; i < 40; ++i) text += std::string(4092, 'x') + page;
  Write("");  // empty again
  NewMessage message = MakeMessage(1);
  Put(message, text);
  Close();
  std::string database = Read(paths_->QueueDatabase());
  database[0] = 'X';
  Write(database);
  Fate fate;
  OpenOrSalvage(fate);
  EXPECT_EQ(queue().Count()->messages, 1U);
  EXPECT_EQ(DueAt(kStart + std::chrono::hours(1)).size(), 1U);
}

TEST_F(QueueSalvage, TellsOfAMessageWhoseEnvelopeIsGone) {
  Put(1);
  const Stored stored = Put(2, 3);
  Edit(sys::Cat("PRAGMA foreign_keys = OFF; DELETE FROM message WHERE key = ", stored.key));
  queue();
  Fate fate;
  SalvageAmid(fate);
  EXPECT_THAT(fate.texts, HasSubstr(MakeId(2).text() + ": damaged in the queue: its envelope is lost"));
  const auto listed = queue().List(stored.key - 1, 1, 10);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ((*listed)[0].message.envelope.sender, "sender@example.com") << "as the history has it";
  EXPECT_EQ((*listed)[0].recipients.size(), 3U);
  EXPECT_EQ(DueAt(kStart + seconds(100)).size(), 1U) << "the other one";
}

// Numbers begin anew when a queue has been empty at a start: the history has most of them many times.
TEST_F(QueueSalvage, TakesNoMessageForAnOlderOneOfItsNumber) {
  const Stored old = Put(1);
  Do([&] { return queue().Remove(old.key, kStart); });
  while (*queue().Tidy()) continue;
  CrashAndReopen();
  const Stored stored = Put(2);
  ASSERT_EQ(stored.key, old.key);
  Edit("PRAGMA foreign_keys = OFF; DELETE FROM message");
  queue();
  Fate fate;
  SalvageAmid(fate);
  EXPECT_THAT(fate.texts, HasSubstr(MakeId(2).text() + ": damaged in the queue: its envelope is lost"));
  EXPECT_EQ(ReadContent(stored.key), "From: a\n\nbody\n");
  EXPECT_EQ(queue().Count()->messages, 1U);
}

TEST_F(QueueSalvage, RemovesWhatIsLeftOfAMessageThatWasRemoved) {
  const Stored stored = Put(1, 2);
  Record(stored.key, MakeOutcome(stored.first_recipient, RecipientState::kSent));
  Do([&] { return queue().Remove(stored.key, kStart); });
  Edit("PRAGMA foreign_keys = OFF; DELETE FROM message");
  queue();
  Fate fate;
  SalvageAmid(fate);
  EXPECT_THAT(fate.named, IsEmpty());
  EXPECT_EQ(queue().Count()->messages, 0U);
  EXPECT_EQ(Look("SELECT (SELECT count(*) FROM recipient) + (SELECT count(*) FROM content)"), 0);
}

// A bit that decays in a time must make no mail too old.
TEST_F(QueueSalvage, BelievesNoMessageWhatTimeItIs) {
  queue().SetWaitingClock(std::chrono::hours(7));
  const Stored stored = Put(1);
  Edit("UPDATE message SET waiting_since = waiting_since + (1 << 50)");
  Fate fate;
  queue();
  SalvageAmid(fate);
  Close();
  EXPECT_EQ(queue().waiting_clock(), std::chrono::hours(7));
  EXPECT_EQ(*queue().Unfinished(stored.key), 1U);
}

TEST_F(QueueSalvage, TakesNoRowUnderANumberThatNoMessageCanHave) {
  Put(1);
  Put(2);
  Edit(
      "PRAGMA foreign_keys = OFF; UPDATE recipient SET message = 1 << 50 WHERE message = 1; "
      "UPDATE content SET key = (1 << 50) << 20 WHERE key = 1 << 20");
  queue();
  Fate fate;
  SalvageAmid(fate);
  EXPECT_TRUE(fate.named.contains(MakeId(1).text()));
  EXPECT_EQ(DueAt(kStart + seconds(100)).size(), 1U);
  Put(3);
}

TEST_F(QueueSalvage, TellsOfRecipientsThatAreGone) {
  const Stored stored = Put(1, 4);
  Edit("DELETE FROM recipient WHERE number IN (1, 2)");
  queue();
  Fate fate;
  SalvageAmid(fate);
  EXPECT_THAT(fate.texts, HasSubstr(MakeId(1).text() + ": damaged in the queue: 2 of its recipients are lost"));
  EXPECT_EQ(DueAt(kStart + seconds(100)).size(), 2U) << "what is left is sent";
  EXPECT_EQ(*queue().Unfinished(stored.key), 3U) << "and the message stays";
  EXPECT_EQ(queue().Count()->dead, 1U);
}

TEST_F(QueueSalvage, TellsOfAMessageOfWhichItsIdIsLeft) {
  Put(1);
  Edit("PRAGMA foreign_keys = OFF; DELETE FROM message; DELETE FROM recipient; DELETE FROM content");
  queue();
  Fate fate;
  SalvageAmid(fate);
  EXPECT_TRUE(fate.named.contains(MakeId(1).text()));
  EXPECT_THAT(TraceOf(1), ::testing::Contains(HasSubstr("lost")));
}

TEST_F(QueueSalvage, KeepsKeysSoThatWhatIsInFlightIsRecorded) {
  const Stored first = Put(1);
  const Stored second = Put(2);
  Dispatch(first.first_recipient);
  queue().SetWaitingClock(std::chrono::hours(7));
  Fate fate;
  SalvageAmid(fate);
  Record(first.key, MakeOutcome(first.first_recipient, RecipientState::kSent));
  EXPECT_EQ(*queue().Unfinished(first.key), 0U);
  EXPECT_EQ(queue().waiting_clock(), std::chrono::hours(7));
  Edit(
      "PRAGMA foreign_keys = OFF; DELETE FROM message; DELETE FROM recipient; DELETE FROM content; DELETE FROM "
      "history");
  queue();
  Put(3);
  EXPECT_GE(second.key, 2);
}

TEST_F(QueueSalvage, GivesNoKeyASecondTime) {
  Put(1);
  const Stored last = Put(2);
  ASSERT_TRUE(queue().Begin());
  ASSERT_TRUE(queue().Remove(last.key, kStart));
  ASSERT_TRUE(queue().Commit());
  while (*queue().Tidy()) continue;
  Fate fate;
  SalvageAmid(fate);
  EXPECT_GT(Put(3).key, last.key);
}

// It may write one page more each time before it is killed: at the database that it fills, at its log, at its names.
TEST_F(QueueSalvage, GoesOnWhereAnotherWasKilled) {
  Fill();
  std::string database = undamaged_->database_alone;
  database[0] = 'X';
  int killed = 0;
  for (rlim_t pages = 0;; pages = pages * 2 + 1) {
    Write(database);
    const pid_t child = fork();
    if (child == 0) {
      const rlimit limit{pages * 4096, pages * 4096};
      setrlimit(RLIMIT_FSIZE, &limit);
      lock_ = std::move(QueueLock::TryTake(*paths_).value());
      _exit(Queue::OpenOrSalvage(*paths_, *lock_, [](const sys::Error&) {}) ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    const Fate fate = Drain();
    EXPECT_THAT(fate.named, IsEmpty());
    Judge(fate, sys::Cat("killed at page ", pages));
    if (!WIFSIGNALED(status)) break;
    ++killed;
  }
  EXPECT_GT(killed, 3);
}

TEST_F(QueueSalvage, FinishesAnExchangeThatWasInterrupted) {
  Fill();
  std::string database = undamaged_->database_alone;
  database[0] = 'X';
  const std::string path = paths_->QueueDatabase();
  for (const std::string there : {"both", "no log", "nothing"}) {
    Write(database, undamaged_->log);
    ASSERT_TRUE(Salvage(path));
    if (there != "both") std::filesystem::remove(path + "-wal");
    if (there == "nothing") std::filesystem::remove(path);
    Fate fate;
    lock_ = std::move(QueueLock::TryTake(*paths_).value());
    auto opened = Queue::OpenOrSalvage(*paths_, *lock_, [](const sys::Error&) {});
    ASSERT_TRUE(opened) << opened.error().text();
    ASSERT_TRUE(opened->salvaged) << there;
    EXPECT_TRUE(opened->salvaged->was_interrupted);
    EXPECT_EQ(std::filesystem::exists(opened->salvaged->aside), there != "nothing");
    EXPECT_EQ(std::filesystem::exists(opened->salvaged->aside + "-wal"), there == "both");
    EXPECT_EQ(opened->queue.Count()->messages, kMessages - kMessages / 10);
  }
}

}  // namespace
}  // namespace outpost::queue
