// In a network namespace of its own, where links come and go as the test says; needs root.
#include "queue-runner/network.h"

#include <cstdlib>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/sys/text.h"
#include "tests/support/temporary_directory.h"

namespace outpost::queue_runner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool Shell(const std::string& commands) {
  const std::string script = sys::Cat("exec 2>/dev/null; set -e; PATH=$PATH:/usr/sbin:/sbin; ", commands);
  return system(script.c_str()) == 0;  // NOLINT(cert-env33-c): the commands are ours
}

// Runs `test` in a forked child within a new network namespace: the test program's own stays as it is.
void InNamespace(const std::function<void()>& test) {
  if (geteuid() != 0) GTEST_SKIP() << "only root makes a network namespace";
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    if (unshare(CLONE_NEWNET) != 0 || !Shell("ip link set lo up; ip link add one type veth peer name two"))
      _exit(77);
    test();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no network namespace with veth to be had";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

constexpr const char* kUp = "ip link set one up; ip link set two up; ip addr add 192.0.2.1/24 dev one";
constexpr const char* kDefault = "ip route add default via 192.0.2.254";

// What a loop with a watch has seen.
struct Watched {
  explicit Watched(const std::string& resolver = "/etc/resolv.conf")
      : network(std::move(*Network::Make(resolver))), loop(std::move(*sys::EventLoop::Make())) {
    EXPECT_TRUE(network.Start(loop, [this] { ++changes; }));
  }
  void RunFor(sys::Microseconds time) {
    const auto end = sys::MonotonicClock() + time;
    while (sys::MonotonicClock() < end) ASSERT_TRUE(loop.RunOnce(milliseconds(50)));
  }
  Network network;
  sys::EventLoop loop;
  int changes = 0;
};

bool Reaches(const Network& network, const std::string& address) {
  return network.Reaches(IpAddress::Parse(address).value());
}

TEST(Network, IsOfflineWithLoopbackAlone) {
  InNamespace([] {
    const auto network = Network::Make();
    ASSERT_TRUE(network);
    EXPECT_FALSE(network->ways().any);
    EXPECT_TRUE(Reaches(*network, "127.0.0.1"));
    EXPECT_TRUE(Reaches(*network, "::1"));
    EXPECT_FALSE(Reaches(*network, "192.0.2.9"));
    EXPECT_FALSE(Reaches(*network, "2001:db8::9"));
  });
}

TEST(Network, TellsTheNeighbourhoodFromEverywhere) {
  InNamespace([] {
    ASSERT_TRUE(Shell(kUp));
    const auto near = Network::Make();
    ASSERT_TRUE(near);
    EXPECT_TRUE(near->ways().any);
    EXPECT_FALSE(near->ways().everywhere);
    EXPECT_TRUE(Reaches(*near, "192.0.2.9"));
    EXPECT_TRUE(Reaches(*near, "192.0.2.1"));
    EXPECT_FALSE(Reaches(*near, "198.51.100.1"));
    ASSERT_TRUE(Shell(kDefault));
    const auto far = Network::Make();
    ASSERT_TRUE(far);
    EXPECT_TRUE(far->ways().everywhere);
    EXPECT_TRUE(Reaches(*far, "198.51.100.1"));
  });
}

TEST(Network, TakesALinkWithoutCarrierForNone) {
  InNamespace([] {
    ASSERT_TRUE(Shell(sys::Cat(kUp, ";", kDefault, "; ip link set two down")));
    const auto network = Network::Make();
    ASSERT_TRUE(network);
    EXPECT_FALSE(network->ways().any);
    EXPECT_FALSE(Reaches(*network, "192.0.2.9"));
  });
}

TEST(Network, TellsOnceThatALinkCameUp) {
  InNamespace([] {
    Watched watched;
    ASSERT_TRUE(Shell(sys::Cat(kUp, ";", kDefault)));
    watched.RunFor(milliseconds(1500));
    EXPECT_EQ(watched.changes, 1);
    EXPECT_TRUE(watched.network.ways().everywhere);
  });
}

TEST(Network, TellsAnAddressThatChanged) {
  InNamespace([] {
    // Nothing else is to change while it is watched: no address that the kernel makes, no carrier that comes late.
    ASSERT_TRUE(Shell(sys::Cat("for link in one two; do ip link set $link addrgenmode none; done; ", kUp,
                               "; while ip route show dev one | grep -q linkdown; do sleep 0.05; done")));
    Watched watched;
    ASSERT_TRUE(Shell("ip addr add 192.0.2.77/24 dev one"));
    watched.RunFor(milliseconds(1500));
    EXPECT_EQ(watched.changes, 1);
  });
}

TEST(Network, SaysNothingWhereNothingChangesInTheEnd) {
  InNamespace([] {
    ASSERT_TRUE(Shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1"));
    ASSERT_TRUE(Shell(sys::Cat(kUp, ";", kDefault)));
    Watched watched;
    ASSERT_TRUE(Shell("ip addr add 192.0.2.77/32 dev one; ip addr del 192.0.2.77/32 dev one"));
    watched.RunFor(milliseconds(1500));
    EXPECT_EQ(watched.changes, 0);
  });
}

TEST(Network, TellsALinkThatFlapsAtMostEachFiveSeconds) {
  InNamespace([] {
    ASSERT_TRUE(Shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1"));
    ASSERT_TRUE(Shell(kUp));
    Watched watched;
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(Shell(i % 2 == 0 ? "ip link set two down" : "ip link set two up"));
      watched.RunFor(milliseconds(300));
    }
    watched.RunFor(milliseconds(1500));
    EXPECT_LE(watched.changes, 2);
    EXPECT_TRUE(watched.network.ways().any);
  });
}

TEST(Resolver, TellsThatTheFileWasReplaced) {
  const tests::TemporaryDirectory directory;
  Watched watched(directory.Write("resolv.conf", "nameserver 192.0.2.53\n"));
  directory.Write("new", "nameserver 192.0.2.54\n");
  watched.RunFor(milliseconds(1200));
  EXPECT_EQ(watched.changes, 0);
  ASSERT_TRUE(Shell(sys::Cat("cd ", directory.path(), "; mv new resolv.conf")));
  watched.RunFor(milliseconds(1200));
  EXPECT_EQ(watched.changes, 1);
}

TEST(Resolver, TellsThatWhatItIsALinkToWasWritten) {
  const tests::TemporaryDirectory directory;
  directory.Write("stub", "nameserver 192.0.2.53\n");
  ASSERT_TRUE(Shell(sys::Cat("cd ", directory.path(), "; mkdir run; mv stub run; ln -s run/stub resolv.conf")));
  Watched watched(directory / "resolv.conf");
  directory.Write("run/stub", "nameserver 192.0.2.54\n");
  watched.RunFor(milliseconds(1200));
  EXPECT_EQ(watched.changes, 1);
}

}  // namespace
}  // namespace outpost::queue_runner
