# A thin face over CMake. `make demo` and `make test` need nothing but this tree, make and root (or sudo).

PREFIX    ?= /usr
DESTDIR   ?=
PAMDIR    ?=
BUILD     ?= build
BUILD_TYPE ?= Release
JOBS      ?= $(shell nproc)
# Most tests wait for something most of the time.
TEST_JOBS ?= $(shell expr $$(nproc) \* 2)

# What Debian 12 has to have installed: to build, for the packages, for the demo; and to test and check, which takes all.
PACKAGES_BUILD   = g++ cmake ninja-build pkg-config \
                   libasio-dev libaudit-dev libcli11-dev libeconf-dev libexpected-dev libfmt-dev libpam0g-dev libsqlite3-dev \
                   libsqlitecpp-dev libsystemd-dev nlohmann-json3-dev uuid-dev
PACKAGES_PACKAGE = $(PACKAGES_BUILD) build-essential debhelper
PACKAGES_DEMO    = $(PACKAGES_BUILD) iproute2 openssh-client openssh-server perl-base util-linux
PACKAGES_ALL     = $(PACKAGES_PACKAGE) $(PACKAGES_DEMO) \
                   bats cron curl dbus-daemon expect fish gir1.2-lightdm-1 jq libcmocka-dev libpam-wrapper librapidcheck-dev \
                   lightdm lintian mandoc mmdebstrap nginx openssl python3 python3-gi python3-prometheus-client rsync spin \
                   sqlite3 sshpass strace sudo systemd-container valgrind vsftpd xvfb zsh zstd \
                   clang-16 clang-format-16 clang-tidy-16 libclang-rt-16-dev llvm-16 shellcheck

SUDO = $(if $(filter 0,$(shell id -u)),,sudo)
CONFIGURE = cmake -S . -G Ninja -DCMAKE_BUILD_TYPE=$(BUILD_TYPE) -DCMAKE_INSTALL_PREFIX=$(PREFIX) \
            $(if $(PAMDIR),-DPAMDIR=$(PAMDIR))
SOURCES = $(shell git ls-files '*.cpp' '*.hpp')
SCRIPTS = $(shell git grep -lE '^\#!/bin/(ba)?sh' -- . ':!*.md') tests/support/host.bash tests/support/suite.bash conf/completions/soloctl.bash

.PHONY: all setup setup-build setup-package setup-demo test coverage bench model faults demo install uninstall package lint \
        asan soak matrix valgrind fuzz clean

all:
	$(CONFIGURE) -B $(BUILD) -DSOLO_TESTS=ON
	cmake --build $(BUILD) -j $(JOBS)

# Installs what is missing, and starts no service that comes with it.
setup: NEEDED = $(PACKAGES_ALL)
setup-build: NEEDED = $(PACKAGES_BUILD)
setup-package: NEEDED = $(PACKAGES_PACKAGE)
setup-demo: NEEDED = $(PACKAGES_DEMO)
setup setup-build setup-package setup-demo:
	@missing=$$(for package in $(NEEDED); do \
	    dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || echo $$package; done); \
	if [ -n "$$missing" ]; then conf/install-packages $$missing; fi

test: setup all
	$(SUDO) ctest --test-dir $(BUILD) -j $(TEST_JOBS) --output-on-failure --no-tests=error

# How many branches of what decides and of what reads messages do their tests take? Fails below 95 %.
COVERED = $(wildcard daemon/core/*.?pp) $(addprefix protocol/,codec.hpp envelope.cpp frame_reader.cpp json.cpp printable.cpp)
coverage: setup $(COVERED)
	CC=clang-16 CXX=clang++-16 $(CONFIGURE) -B $(BUILD)-coverage -DCMAKE_BUILD_TYPE=Debug -DSOLO_COVERAGE=ON
	cmake --build $(BUILD)-coverage -j $(JOBS) --target core_tests
	tests/coverage/measure $(BUILD)-coverage 95 $(COVERED)

# Checks the promise over every interleaving of a model (tests/model); MODEL=all also what takes ten minutes and 2 GB.
model: setup
	tests/model/check $(or $(MODEL),quick)

# Every system call of solod and of the module is made to fail, and solod is killed at every one of its own: half an hour
# on two cores.
faults: setup all
	$(SUDO) ctest --test-dir $(BUILD) -R '^stage$$' --output-on-failure --no-tests=error
	status=0; for sweep in crash module failing; do \
	    $(SUDO) env SOLO_TEST_PROGRAMS=$(abspath $(BUILD))/tests/integration \
	        tests/support/sandbox --stage $(BUILD)/stage -- tests/faults/sweep $$sweep || status=1; \
	done; exit $$status

# Solo beside its peers, on a machine that does nothing else: prints the ratios and writes docs/benchmarks.md. Needs 12 GB of
# disk in $(BUILD); BENCH_HISTORY=1000000 leaves out the ten million rows of history.
bench: setup all
	$(SUDO) tests/bench/run $(BUILD) --write docs $(if $(BENCH_HISTORY),--history $(BENCH_HISTORY))

demo: setup-demo
	$(CONFIGURE) -B $(BUILD) -DSOLO_TESTS=OFF
	cmake --build $(BUILD) -j $(JOBS)
	$(SUDO) rm -rf $(BUILD)/stage
	$(SUDO) env DESTDIR=$(abspath $(BUILD))/stage cmake --install $(BUILD) >/dev/null
	$(SUDO) tests/support/sandbox --stage $(BUILD)/stage -- tests/integration/demo

# What each DESTDIR has got is on a list of its own. A new build directory builds no tests; one that is there goes on as it
# was. Without dpkg what is needed to build has to be there.
INSTALLED = $(BUILD)/installed$(subst /,-,$(DESTDIR))
install: $(if $(shell command -v dpkg-query),setup-build)
	$(CONFIGURE) -B $(BUILD) $(if $(wildcard $(BUILD)/CMakeCache.txt),,-DSOLO_TESTS=OFF)
	cmake --build $(BUILD) -j $(JOBS)
	DESTDIR=$(DESTDIR) cmake --install $(BUILD)
	grep -v '^/etc/' $(BUILD)/install_manifest.txt | sed 's|^|$(DESTDIR)|' >$(INSTALLED)

# What was installed last, after Solo has left PAM. Leaves /etc/solo and /var/lib/solo: they are the administrator's.
uninstall:
	@test -e $(INSTALLED) || { echo "nothing has been installed$(DESTDIR:%= in %) from $(BUILD)" >&2; exit 1; }
	conf/uninstall $(if $(filter-out /,$(DESTDIR)),--only-files) $(INSTALLED)

# Debian packages, in build/package.
package: setup-package
	conf/build-packages $(BUILD)/package

lint: setup
	clang-format-16 --dry-run -Werror $(SOURCES)
	shellcheck $(SCRIPTS)
	CC=clang-16 CXX=clang++-16 $(CONFIGURE) -B $(BUILD)-lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON
	run-clang-tidy-16 -quiet -j $(JOBS) -p $(BUILD)-lint $(abspath $(filter-out tests/%,$(filter %.cpp,$(SOURCES)))) \
	    2>/dev/null

# AddressSanitizer and UndefinedBehaviorSanitizer, with clang; a second compiler builds everything at the same time.
asan: setup
	CC=clang-16 CXX=clang++-16 $(CONFIGURE) -B $(BUILD)-asan -DCMAKE_BUILD_TYPE=Debug -DSOLO_SANITIZE=ON
	cmake --build $(BUILD)-asan -j $(JOBS)
	$(SUDO) ctest --test-dir $(BUILD)-asan -j $(TEST_JOBS) --output-on-failure --no-tests=error -L 'unit|pam|property|fuzz'

# 200 000 logins, one half while solod is killed all the time: is any lost, does anything grow?
SOAK = --logins 200000
soak: setup all
	$(SUDO) ctest --test-dir $(BUILD) -R '^stage$$' --no-tests=error
	$(SUDO) env SOLO_TEST_PROGRAMS=$(abspath $(BUILD))/tests/soak nice tests/support/sandbox --stage $(BUILD)/stage -- \
	    tests/soak/soak $(SOAK)

# Writes docs/matrix.md from what happens; ctest compares it.
matrix: setup all
	$(SUDO) ctest --test-dir $(BUILD) -R '^(stage|container)$$' --no-tests=error
	$(SUDO) env SOLO_STAGE=$(BUILD)/stage SOLO_CONTAINER=$(BUILD)/container.tar.zst tests/matrix/systemd-user write
	$(SUDO) env SOLO_STAGE=$(BUILD)/stage SOLO_TEST_PROGRAMS=$(abspath $(BUILD))/tests/integration \
	    tests/matrix/run write docs/matrix.md

# The module in the tests' login program, in su -l and in sshd.
valgrind: setup all
	$(SUDO) ctest --test-dir $(BUILD) -R '^stage$$' --no-tests=error
	$(SUDO) env BUILD=$(abspath $(BUILD)) tests/support/sandbox --stage $(BUILD)/stage -- tests/regressions/valgrind

# Each fuzzer of tests/fuzz for FUZZ_TIME seconds, in the build of `make asan`.
FUZZ_TIME ?= 600
fuzz: setup
	CC=clang-16 CXX=clang++-16 $(CONFIGURE) -B $(BUILD)-asan -DCMAKE_BUILD_TYPE=Debug -DSOLO_SANITIZE=ON
	cmake --build $(BUILD)-asan -j $(JOBS) --target fuzzers
	tests/fuzz/run $(BUILD)-asan/tests/fuzz $(FUZZ_TIME) $(JOBS)

clean:
	$(SUDO) rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-coverage $(BUILD)-lint
