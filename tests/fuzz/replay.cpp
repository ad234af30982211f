// SPDX-License-Identifier: MIT
// Runs a fuzzer's function over files and the files in directories: the corpus, in a build without libFuzzer.
#include "tests/fuzz/invariant.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace {

namespace fs = std::filesystem;

int replayed = 0;

void replay(const fs::path& path) {
    if (fs::is_directory(path)) {
        for (const auto& entry : fs::directory_iterator{path})
            replay(entry.path());
        return;
    }
    std::ifstream file{path, std::ios::binary};
    const std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
    std::printf("%s\n", path.c_str());
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++replayed;
}

} // namespace

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0); // the last name is the one that fails
    for (int i = 1; i < argc; ++i)
        replay(argv[i]);
    return replayed > 0 ? 0 : 1;
}
