#include "conf/main_cf_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/main_cf.h"

namespace outpost::conf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum Edit::Kind;

constexpr std::string_view kText =
    "# the relay\n"
    "relayhost = [a.example]:587\n"
    "\n"
    "mynetworks = 127.0.0.0/8,\n"
    "   # a comment inside\n"
    "   [::1]/128\n"
    "\t10.0.0.0/8\n"
    "myorigin=b\n"
    "relayhost = second\n";

std::string Edited(std::string_view text, const std::vector<Edit>& edits) { return EditMainCf(text, edits).text; }

TEST(MainCfEdit, SetsWhereTheSettingStandsAndKeepsTheRest) {
  EXPECT_EQ(Edited(kText, {{kSet, "myorigin", "c"}, {kSet, "mynetworks", "::1"}}),
            "# the relay\n"
            "relayhost = [a.example]:587\n"
            "\n"
            "mynetworks = ::1\n"
            "   # a comment inside\n"
            "myorigin = c\n"
            "relayhost = second\n");
}

TEST(MainCfEdit, AddsWhatIsSetNowhereInOrderOfName) {
  EXPECT_EQ(Edited("a = 1", {{kSet, "zz", "1"}, {kSet, "bb", ""}}), "a = 1\nbb = \nzz = 1\n");
  EXPECT_EQ(Edited("", {{kSet, "a", "1"}}), "a = 1\n");
}

// As Postfix does: otherwise the later place, which holds, would keep the old value.
TEST(MainCfEdit, ChangesEveryPlaceOfANameThatIsSetTwice) {
  const EditedMainCf edited = EditMainCf(kText, std::vector<Edit>{{kSet, "relayhost", "new"}});
  EXPECT_THAT(edited.text, HasSubstr("# the relay\nrelayhost = new\n"));
  EXPECT_TRUE(edited.text.ends_with("myorigin=b\nrelayhost = new\n"));
  EXPECT_THAT(edited.set_several_times, ElementsAre("relayhost"));
}

TEST(MainCfEdit, RemovesAllLinesOfASetting) {
  EXPECT_EQ(Edited(kText, {{kRemove, "mynetworks", ""}, {kRemove, "relayhost", ""}, {kRemove, "nowhere", ""}}),
            "# the relay\n\n   # a comment inside\nmyorigin=b\n");
}

TEST(MainCfEdit, CommentsOutAllLinesOfASetting) {
  EXPECT_EQ(Edited(kText, {{kCommentOut, "mynetworks", ""}}),
            "# the relay\n"
            "relayhost = [a.example]:587\n"
            "\n"
            "#mynetworks = 127.0.0.0/8,\n"
            "   # a comment inside\n"
            "#   [::1]/128\n"
            "#\t10.0.0.0/8\n"
            "myorigin=b\n"
            "relayhost = second\n");
}

TEST(MainCfEdit, TheLaterOfTwoEditsOfANameHolds) {
  EXPECT_EQ(Edited("a = 1\n", {{kSet, "a", "2"}, {kSet, "a", "3"}}), "a = 3\n");
}

TEST(MainCfEdit, TellsWhatChangesAndWhere) {
  const EditedMainCf edited = EditMainCf(
      kText, std::vector<Edit>{
                 {kSet, "mynetworks", "::1"}, {kSet, "myorigin", "c"}, {kSet, "new", "1"}, {kSet, "newer", "2"}});
  ASSERT_EQ(edited.changes.size(), 4U);
  EXPECT_EQ(edited.changes[0].line, 4);
  EXPECT_EQ(edited.changes[0].before, "mynetworks = 127.0.0.0/8,\n");
  EXPECT_EQ(edited.changes[0].after, "mynetworks = ::1\n");
  EXPECT_EQ(edited.changes[1].line, 6);
  EXPECT_EQ(edited.changes[1].before, "   [::1]/128\n\t10.0.0.0/8\n");
  EXPECT_EQ(edited.changes[1].after, "");
  EXPECT_EQ(edited.changes[2].line, 8);
  EXPECT_EQ(edited.changes[3].line, 10);
  EXPECT_EQ(edited.changes[3].after, "new = 1\nnewer = 2\n");
}

TEST(MainCfEdit, WhatIsSetAlreadyIsNoChange) {
  EXPECT_THAT(EditMainCf("a = 1\n", std::vector<Edit>{{kSet, "a", "1"}, {kRemove, "b", ""}}).changes, IsEmpty());
}

TEST(MainCfEdit, ALineOfAnotherNameWithTheSameBeginningStays) {
  EXPECT_EQ(Edited("ab = 1\na=2\n", {{kSet, "a", "3"}}), "ab = 1\na = 3\n");
}

TEST(MainCfEdit, BytesThatAreNoSettingStay) {
  const std::string odd = "  continued nothing\r\n=\nno equals\n# \x01\n";
  EXPECT_EQ(Edited(odd, {{kSet, "a", "1"}}), odd + "a = 1\n");
}

TEST(MainCfEdit, AnAssignmentIsReadAsMainCfReadsIt) {
  const auto edit = ParseAssignment("  relayhost   =   a  b = c  ");
  ASSERT_TRUE(edit);
  EXPECT_EQ(edit->name, "relayhost");
  EXPECT_EQ(edit->value, "a  b = c");
  EXPECT_EQ(ParseAssignment("a=")->value, "");
}

TEST(MainCfEdit, WhatWouldNotBeReadAgainIsRefused) {
  for (const std::string_view text :
       {"relayhost", "=1", "", "#a = 1", "a = 1\nb = 2", "a b = c", "a = \x01", "a\x7f = 1"}) {
    EXPECT_FALSE(ParseAssignment(text)) << text;
  }
  EXPECT_TRUE(ParseAssignment("a=" + std::string(kMaxLogicalLine - 4, 'x')));
  EXPECT_FALSE(ParseAssignment("a=" + std::string(kMaxLogicalLine - 3, 'x')));
  for (const std::string_view text : {"", "  ", "#a", "a = 1", "a\nb"})
    EXPECT_FALSE(ParseRemoval(kRemove, text)) << text;
  EXPECT_EQ(ParseRemoval(kCommentOut, " a ")->name, "a");
}

// Whatever a text holds: what was set is what is read, and nothing else has changed.
TEST(MainCfEdit, WhatWasSetIsWhatIsRead) {
  for (const std::string_view before :
       {"", "a = 0\n  more\n", "a = 0\nb = 1\na = 2\n", " lost\n", "b = 1\n# a = 3\n"}) {
    const MainCf was = ParseMainCf(before);
    const MainCf is = ParseMainCf(Edited(before, {{kSet, "a", "x y"}}));
    EXPECT_EQ(was.errors.size(), is.errors.size());
    std::string value;
    for (const Setting& setting : is.settings) {
      if (setting.name == "a") value = setting.value;
    }
    EXPECT_EQ(value, "x y") << before;
  }
}

}  // namespace
}  // namespace outpost::conf
