// Runs a fuzz target without libFuzzer, which GCC does not have: every file of a corpus, then so many mutations of them.
//   fuzz_TARGET CORPUS MUTATIONS [SEED]
// The seed is printed, so that a run can be had again; the input that ends the program is in ./fuzz-input. By hand, for
// long, under the asan preset: fuzz_main_cf tests/fuzz/corpus/main_cf 10000000 $RANDOM
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kMaxInput = 64 * 1024;

std::vector<std::string> ReadCorpus(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) paths.push_back(entry.path());
  std::ranges::sort(paths);
  std::vector<std::string> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, uint64_t seed) : corpus_(corpus), random_(seed) {}

  std::string Next() {
    std::string input = Any();
    for (size_t changes = 1 + Below(8); changes > 0; --changes) Change(&input);
    if (input.size() > kMaxInput) input.resize(kMaxInput);
    return input;
  }

 private:
  size_t Below(size_t end) { return end == 0 ? 0 : static_cast<size_t>(random_() % end); }
  const std::string& Any() { return corpus_[Below(corpus_.size())]; }

  void Change(std::string* input) {
    static constexpr std::string_view kTelling = "${}()?:=<>!,\"\\/#\n\r\t\0 0a_";
    const size_t at = Below(input->size() + 1);
    switch (Below(5)) {
      case 0:
        input->insert(at, 1, static_cast<char>(Below(256)));
        break;
      case 1:
        input->insert(at, 1 + Below(3), kTelling[Below(kTelling.size())]);
        break;
      case 2:
        input->erase(at, 1 + Below(16));
        break;
      case 3: {  // a part of another one
        const std::string& other = Any();
        input->insert(at, other, Below(other.size() + 1), 1 + Below(64));
        break;
      }
      case 4: {  // a part once more, perhaps often
        const std::string part = input->substr(at, 1 + Below(32));
        for (size_t times = 1 + Below(Below(20) == 0 ? 200 : 3); times > 0; --times) input->insert(at, part);
        break;
      }
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_;
};

void Run(const std::string& input, bool keep) {
  if (keep) std::ofstream("fuzz-input", std::ios::binary) << input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: fuzz_TARGET CORPUS MUTATIONS [SEED]\n", stderr);
    return 2;
  }
  const std::vector<std::string> corpus = ReadCorpus(argv[1]);
  if (corpus.empty()) return 2;
  for (const std::string& input : corpus) Run(input, false);
  const uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : std::random_device{}();
  const uint64_t mutations = std::strtoull(argv[2], nullptr, 10);
  std::printf("%zu inputs, %llu mutations, seed %llu\n", corpus.size(), static_cast<unsigned long long>(mutations),
              static_cast<unsigned long long>(seed));
  (void)std::fflush(stdout);
  Mutator mutator(corpus, seed);
  for (uint64_t i = 0; i < mutations; ++i) Run(mutator.Next(), true);
  std::remove("fuzz-input");
  return 0;
}
