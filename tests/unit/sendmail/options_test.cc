#include "sendmail/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/spool/record.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::sendmail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<std::string>;

Options Parsed(const Words& words, std::string_view program = "sendmail") {
  auto options = ParseOptions(program, words);
  if (options) return *options;
  ADD_FAILURE() << testing::PrintToString(words) << ": " << options.error().text();
  return {};
}

std::string Refusal(const Words& words, std::string_view program = "sendmail") {
  const auto options = ParseOptions(program, words);
  EXPECT_FALSE(options) << testing::PrintToString(words);
  return options ? "" : options.error().text();
}

TEST(SendmailOptions, AreTheCallersOfEveryDay) {
  struct Case {
    Words words;
    Words recipients;
    bool extract;
    bool dot_is_text;
  };
  const Case cases[] = {
      {{"-FCronDaemon", "-i", "-B8BITMIME", "-oem", "-oi", "-t"}, {}, true, true},
      {{"-t", "-i"}, {}, true, true},
      {{"-t", "-i", "-fwww@example.org"}, {}, true, true},
      {{"-i", "-f", "a@b", "c@d", "e@f"}, {"c@d", "e@f"}, false, true},
      {{"-oem", "-oi", "--", "c@d"}, {"c@d"}, false, true},
      {{"-oi", "-t"}, {}, true, true},
      {{"-t", "-oi", "-oem"}, {}, true, true},
      {{"-ti"}, {}, true, true},
      {{"-i", "-m", "root"}, {"root"}, false, true},
      {{"-oi", "-f", "", "root"}, {"root"}, false, true},
      {{"root"}, {"root"}, false, false},
      {{"-bm", "-odb", "-oee", "root"}, {"root"}, false, false},
  };
  for (const Case& expected : cases) {
    const Options options = Parsed(expected.words);
    EXPECT_EQ(options.mode, Mode::kSubmit) << testing::PrintToString(expected.words);
    EXPECT_EQ(options.recipients, expected.recipients) << testing::PrintToString(expected.words);
    EXPECT_EQ(options.extract_recipients, expected.extract) << testing::PrintToString(expected.words);
    EXPECT_EQ(options.dot_is_text, expected.dot_is_text) << testing::PrintToString(expected.words);
    EXPECT_THAT(options.warnings, IsEmpty());
  }
}

TEST(SendmailOptions, ChooseAMode) {
  struct Case {
    const char* program;
    Words words;
    Mode mode;
  };
  const Case cases[] = {
      {"sendmail", {}, Mode::kSubmit},
      {"/usr/sbin/sendmail", {"-bm"}, Mode::kSubmit},
      {"", {}, Mode::kSubmit},
      {"mailq", {}, Mode::kListQueue},
      {"/usr/bin/mailq", {"-v"}, Mode::kListQueue},
      {"newaliases", {}, Mode::kRebuildAliases},
      {"newaliases", {"-bp"}, Mode::kListQueue},
      {"mailq", {"-q"}, Mode::kRunQueue},
      {"sendmail", {"-bp"}, Mode::kListQueue},
      {"sendmail", {"-b", "p"}, Mode::kListQueue},
      {"sendmail", {"-bi"}, Mode::kRebuildAliases},
      {"sendmail", {"-I"}, Mode::kRebuildAliases},
      {"sendmail", {"-bi", "-oA/etc/aliases"}, Mode::kRebuildAliases},
      {"sendmail", {"-bh"}, Mode::kNothing},
      {"sendmail", {"-bH"}, Mode::kNothing},
      {"sendmail", {"-q"}, Mode::kRunQueue},
      {"sendmail", {"-qf"}, Mode::kRunQueue},
      {"sendmail", {"-v", "-q"}, Mode::kRunQueue},
      {"sendmail", {"-vq"}, Mode::kRunQueue},
      {"sendmail", {"-q", "-v"}, Mode::kRunQueue},
      {"sendmail", {"-q30m"}, Mode::kNothing},
      {"sendmail", {"-q1h30m"}, Mode::kNothing},
      {"sendmail", {"-q", "5m"}, Mode::kNothing},
      {"sendmail", {"-bp", "-bm"}, Mode::kSubmit},
  };
  for (const Case& expected : cases) {
    EXPECT_EQ(Parsed(expected.words, expected.program).mode, expected.mode)
        << expected.program << testing::PrintToString(expected.words);
  }
}

TEST(SendmailOptions, NameWhatAPartialQueueRunIsFor) {
  struct Case {
    Words words;
    Mode mode;
    const char* flushed;
  };
  const Case cases[] = {
      {{"-qI0123456789BCDFGHJ"}, Mode::kFlushMessage, "0123456789BCDFGHJ"},
      {{"-vqRexample.org"}, Mode::kFlushDomain, "example.org"},
      {{"-qR--help"}, Mode::kFlushDomain, "--help"},
      {{"-qRR"}, Mode::kFlushDomain, "R"},
      {{"-q"}, Mode::kRunQueue, ""},
  };
  for (const Case& expected : cases) {
    const Options options = Parsed(expected.words);
    EXPECT_EQ(options.mode, expected.mode) << testing::PrintToString(expected.words);
    EXPECT_EQ(options.flushed, expected.flushed) << testing::PrintToString(expected.words);
  }
}

TEST(SendmailOptions, TakeValuesAttachedOrApart) {
  EXPECT_EQ(Parsed({"-fa@b"}).sender, "a@b");
  EXPECT_EQ(Parsed({"-f", "a@b"}).sender, "a@b");
  EXPECT_EQ(Parsed({"-ra@b"}).sender, "a@b");
  EXPECT_EQ(Parsed({"-tif", "a@b"}).sender, "a@b");
  EXPECT_EQ(Parsed({"-f", "a@b", "-r", "c@d"}).sender, "c@d");
  EXPECT_EQ(Parsed({"-f", ""}).sender, "");
  EXPECT_EQ(Parsed({"-f", "<>"}).sender, "<>");
  EXPECT_EQ(Parsed({}).sender, std::nullopt);
  EXPECT_EQ(Parsed({"-F", "Ana M"}).full_name, "Ana M");
  EXPECT_EQ(Parsed({"-F", ""}).full_name, "");
  EXPECT_EQ(Parsed({"-C/etc/x"}).config, "/etc/x");
  EXPECT_EQ(Parsed({"-v", "-C", "dir/main.cf"}).config, "dir/main.cf");
  EXPECT_TRUE(Parsed({"-o", "i"}).dot_is_text);
  EXPECT_TRUE(Parsed({"-v"}).verbose);
  EXPECT_TRUE(Parsed({"-G"}).is_relayed);
}

// Attack S2: what begins with a dash is data where data is expected.
TEST(SendmailOptions, LeaveDashesOfDataAlone) {
  EXPECT_EQ(Parsed({"-f", "-oi", "a@b"}).sender, "-oi");
  EXPECT_FALSE(Parsed({"-f", "-oi", "a@b"}).dot_is_text);
  EXPECT_THAT(Parsed({"--", "-t", "-x@y"}).recipients, ElementsAre("-t", "-x@y"));
  EXPECT_THAT(Parsed({"a@b", "-t"}).recipients, ElementsAre("a@b", "-t"));
  EXPECT_FALSE(Parsed({"a@b", "-t"}).extract_recipients);
  EXPECT_THAT(Parsed({"-", "a"}).recipients, ElementsAre("-", "a"));
  EXPECT_THAT(Parsed({"", "a"}).recipients, ElementsAre("", "a"));
}

TEST(SendmailOptions, IgnoreWhatHasNoMeaningHere) {
  const Options options = Parsed({"-Am",     "-A",
                                  "account", "-L",
                                  "tag",     "-U",
                                  "-c",      "-m",
                                  "-x",      "-em",
                                  "-e",      "q",
                                  "-h",      "25",
                                  "-p",      "ESMTP:host",
                                  "-om",     "-o7",
                                  "-o8",     "-os",
                                  "-oT5d",   "-oQ/tmp",
                                  "-oXfile", "-odi",
                                  "-B7BIT",  "-OTimeout.queuereturn=5d",
                                  "-O",      "QueueDirectory=/tmp",
                                  "-O",      "REQUIRETLS=no",
                                  "-O",      "smtputf8=No",
                                  "root"});
  EXPECT_THAT(options.recipients, ElementsAre("root"));
  EXPECT_EQ(options.mode, Mode::kSubmit);
  EXPECT_FALSE(options.dot_is_text);
  EXPECT_THAT(options.warnings, IsEmpty());
}

TEST(SendmailOptions, AreRefusedByNameWhenTheyCannotBeHonoured) {
  struct Case {
    Words words;
    const char* names;
  };
  const Case cases[] = {
      {{"-bs"}, "-bs"},
      {{"-bv", "a"}, "-bv"},
      {{"-bd"}, "-bd"},
      {{"-bl"}, "-bl"},
      {{"-bt"}, "-bt"},
      {{"-bD"}, "-bD"},
      {{"-b", ""}, "-b"},
      {{"-qI"}, "-qI"},
      {{"-qR"}, "-qR"},
      {{"-qRexample.org", "-bp"}, "-qR"},
      {{"-bp", "-qRexample.org"}, "-qR"},
      {{"-q", "-qIabc"}, "-qI"},
      {{"-qRexample.org", "-qRexample.net"}, "-qR"},
      {{"-qSana"}, "-qSana"},
      {{"-qG"}, "-qG"},
      {{"-n"}, "-n"},
      {{"-X", "/tmp/log"}, "-X/tmp/log"},
      {{"-XV"}, "-XV"},
      {{"-V", "+="}, "-V"},
      {{"-O", "REQUIRETLS=yes"}, "-OREQUIRETLS=yes"},
      {{"-ORequireTLS"}, "-ORequireTLS"},
      {{"-O", "SMTPUTF8=yes"}, "-OSMTPUTF8=yes"},
      {{"-B", "BINARYMIME"}, "-B"},
      {{"-B8bitmime"}, "-B"},
      {{"-oA"}, "-oA"},
      {{"-C", ""}, "-C"},
      {{"-d0.1"}, "-d"},
      {{"-D"}, "-D"},
      {{"-E"}, "-E"},
      {{"-J"}, "-J"},
      {{"-M"}, "-M"},
      {{"-Q"}, "-Q"},
      {{"-T"}, "-T"},
      {{"-s"}, "-s"},
      {{"-S"}, "-S"},
      {{"-Y"}, "-Y"},
      {{"-a", "account"}, "-a"},
      {{"-auUSER"}, "-a"},
      {{"-td"}, "-d"},
      {{"--read-envelope-from"}, "--read-envelope-from"},
      {{"--help"}, "--help"},
      {{"-f"}, "-f"},
      {{"-tF"}, "-F"},
      {{"-o"}, "-o"},
      {{"-F", std::string(spool::kMaxFullName + 1, 'x')}, "-F"},
  };
  for (const Case& bad : cases) EXPECT_THAT(Refusal(bad.words), HasSubstr(bad.names));
  EXPECT_THAT(Refusal({}, "smtpd"), HasSubstr("outpost start"));
}

TEST(SendmailOptions, DoNotMixSubmissionWithOtherModes) {
  for (const Words& words :
       {Words{"-bp", "ana"}, {"-bi", "ana"}, {"-q", "ana"}, {"-q30m", "ana"}, {"-bh", "ana"}}) {
    EXPECT_THAT(Refusal(words), HasSubstr("ana"));
  }
  EXPECT_THAT(Refusal({"-bp", "-t"}), HasSubstr("-t"));
  EXPECT_THAT(Refusal({"-t", "-q"}), HasSubstr("-t"));
  EXPECT_THAT(Refusal({"x"}, "mailq"), HasSubstr("x"));
}

TEST(SendmailOptions, CarryDsnParameters) {
  const Options options = Parsed({"-N", "success,Delay", "-R", "HDRS", "-V", "QQ 3=1+"});
  EXPECT_EQ(options.notify.ToString(), "SUCCESS,DELAY");
  EXPECT_EQ(options.ret, mail::ReturnContent::kHeaders);
  EXPECT_EQ(options.envelope_id, "QQ+203+3D1+2B");
  EXPECT_EQ(Parsed({"-Nnever"}).notify.ToString(), "NEVER");
  EXPECT_EQ(Parsed({"-Rfull"}).ret, mail::ReturnContent::kFull);
  EXPECT_EQ(Parsed({"-V", "a\tb"}).envelope_id, "a+09b");
}

TEST(SendmailOptions, OnlyWarnOfBadDsnParameters) {
  const Options options = Parsed({"-N", "sometimes", "-N", "never,delay", "-R", "half", "-V", std::string(101, 'x'),
                                  "-V", std::string(60, ' '), "-V", "caf\xC3\xA9"});
  EXPECT_EQ(options.warnings.size(), 6U);
  EXPECT_EQ(options.notify, mail::Notify{});
  EXPECT_EQ(options.ret, mail::ReturnContent::kUnspecified);
  EXPECT_EQ(options.envelope_id, "");
}

// Attack S3: no control character of an argument gets anywhere.
TEST(SendmailOptions, RefuseControlCharactersInEveryArgument) {
  for (int byte = 1; byte < 0x20; ++byte) {
    const std::string text = std::string("a") + static_cast<char>(byte) + "b";
    for (const char* option : {"-f", "-F", "-r"}) Refusal({option, text, "root"});
    if (byte == '\t') continue;
    for (const char* option : {"-V", "-N", "-L", "-p", "-C", "-O", "-A", "-h"}) Refusal({option, text, "root"});
    Refusal({text});
    Refusal({"--", "root", text});
  }
  Refusal({"-f", "a\x7F"});
  Refusal({"a\x7F"});
}

TEST(SendmailOptions, StandInTheManualPage) {
  const auto page = sys::ReadFile(OUTPOST_SOURCE_DIR "/sendmail/sendmail.1.scd", 1 << 20);
  ASSERT_TRUE(page) << page.error().text();
  for (const char letter : std::string("ABCFGILNORUVXbcefhimnopqrtvx")) {
    EXPECT_THAT(*page, HasSubstr(std::string("*-") + letter)) << letter;
  }
}

TEST(SendmailOptions, ErrorsArePrintable) {
  for (const Words& words :
       {Words{"-\x1B[2J"}, {"-\xFF"}, {"-q\xFFx"}, {"a\x1B[2J"}, {"-bp", "\xFF"}, {"--\xC2\x9B"}}) {
    EXPECT_TRUE(sys::IsCleanText(Refusal(words)));
  }
}

}  // namespace
}  // namespace outpost::sendmail
