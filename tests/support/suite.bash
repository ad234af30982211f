# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# How a suite of tests/support/sandbox begins and how each of its tests begins and ends; a suite that needs more has a setup
# or teardown of its own. In a bats file: `load ../support/suite`.

# shellcheck source-path=SCRIPTDIR disable=SC2119 # start_solod takes arguments, and needs none
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/host.bash"

# serve: in a setup_file, when accounts and services are there; solod serves with the built-in rules.
serve() {
    cp -r /etc/pam.d "$HOST_DIR/"
    configure ''
    start_solod
}

setup() { mark_test; }

teardown() {
    show_failed_test
    ! ended solod || start_solod
    log_everyone_out
    cp "$HOST_DIR"/pam.d/* /etc/pam.d/
    [[ $(</etc/solo/solo.conf) == '' ]] || reconfigure ''
}
