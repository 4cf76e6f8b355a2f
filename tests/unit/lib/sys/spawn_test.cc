#include "lib/sys/spawn.h"

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/sys/file.h"

namespace outpost::sys {
namespace {

struct Ran {
  std::string output;
  ExitStatus status;
};

// Runs a shell command with its standard output in a pipe, and whatever else `request` says.
Ran Shell(const std::string& command, SpawnRequest request = {}) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  request.argv = {"/bin/sh", "-c", command};
  request.descriptors.emplace_back(writer, 1);
  auto process = Spawn(request);
  EXPECT_TRUE(process);
  writer.reset();
  Ran ran;
  char buffer[4096];
  while (true) {
    const auto count = ReadSome(reader, buffer);
    if (!count || *count == 0) break;
    ran.output.append(buffer, *count);
  }
  auto status = Reap(*process);
  EXPECT_TRUE(status);
  EXPECT_EQ(process->pid, -1);
  ran.status = *status;
  return ran;
}

TEST(Spawn, TellsExitStatusAndSignal) {
  EXPECT_EQ(Describe(Shell("exit 0").status), "exit status 0");
  EXPECT_EQ(Describe(Shell("exit 75").status), "exit status 75");
  EXPECT_EQ(Describe(Shell("kill -9 $$").status), "signal 9");
}

TEST(Spawn, AProgramThatIsNotThereEndsWith127) {
  auto process = Spawn({.argv = {"/no/such/program"}, .descriptors = {}, .environment = {}});
  ASSERT_TRUE(process);
  pollfd ended{process->pidfd.get(), POLLIN, 0};
  EXPECT_EQ(poll(&ended, 1, 5000), 1) << "the pidfd tells the end";
  EXPECT_EQ(Reap(*process)->number, 127);
}

TEST(Spawn, InheritsNoEnvironment) {
  ASSERT_EQ(setenv("OUTPOST_TEST_SECRET", "x", 1), 0);
  SpawnRequest request;
  request.environment = {"WANTED=yes"};
  EXPECT_EQ(Shell("echo $WANTED$OUTPOST_TEST_SECRET", request).output, "yes\n");
}

TEST(Spawn, ClosesAllThatIsNotNamed) {
  // Neither has the close-on-exec flag: as if inherited from a careless parent.
  const UniqueFd low(open("/etc/passwd", O_RDONLY));
  const UniqueFd high(fcntl(low.get(), F_DUPFD, 200));
  SpawnRequest request;
  request.descriptors = {{low, 9}};
  // 3 is the listing's own.
  EXPECT_EQ(Shell("exec ls /proc/self/fd", request).output, "0\n1\n2\n3\n9\n");
}

TEST(Spawn, DescriptorsMayChangePlaces) {
  int a[2];
  int b[2];
  ASSERT_EQ(pipe2(a, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(b, O_CLOEXEC), 0);
  const UniqueFd a_reader(a[0]);
  const UniqueFd b_reader(b[0]);
  const UniqueFd a_writer(a[1]);
  const UniqueFd b_writer(b[1]);
  SpawnRequest request;
  // Each is wanted where the other one is.
  request.descriptors = {{a_writer, b_writer.get()}, {b_writer, a_writer.get()}};
  ASSERT_LT(std::max(a_writer.get(), b_writer.get()), 100);
  const std::string command = "printf a >/proc/self/fd/" + std::to_string(b_writer.get()) +
                              "; printf b >/proc/self/fd/" + std::to_string(a_writer.get());
  EXPECT_EQ(Shell(command, request).status.number, 0);
  char byte = 0;
  ASSERT_EQ(read(a_reader.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'a');
  ASSERT_EQ(read(b_reader.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'b');
}

TEST(Spawn, StandardDescriptorsThatAreNotNamedAreNull) {
  EXPECT_EQ(Shell("readlink /proc/$$/fd/0 /proc/$$/fd/2").output, "/dev/null\n/dev/null\n");
}

TEST(Spawn, ChildrenBeginWithDefaultSignals) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ASSERT_EQ(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
  const auto ignored = signal(SIGPIPE, SIG_IGN);
  const Ran ran = Shell("grep -E '^Sig(Blk|Ign)' /proc/$$/status | tr -d '\\t\\n'");
  signal(SIGPIPE, ignored);
  ASSERT_EQ(sigprocmask(SIG_SETMASK, &before, nullptr), 0);
  EXPECT_EQ(ran.output, "SigBlk:0000000000000000SigIgn:0000000000000000");
}

TEST(Spawn, ANewSessionHasItsOwnGroup) {
  SpawnRequest request;
  request.new_session = true;
  EXPECT_EQ(Shell("test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo own", request).output, "own\n");
}

TEST(Spawn, FindsTheFolderOfTheRunningProgram) {
  const auto directory = OwnDirectory();
  ASSERT_TRUE(directory);
  EXPECT_EQ(access((*directory + "/test_sys").c_str(), X_OK), 0) << *directory;
}

}  // namespace
}  // namespace outpost::sys
