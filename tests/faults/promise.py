# SPDX-License-Identifier: MIT
"""What must hold of solod, its records and its logins whenever it serves."""

import signal

from waiting import wait_until

LIVE = ("opening", "active", "ending")


def broken_promises(scenario):
    """A sentence each. What takes its time (a session that is being ended) counts as broken until it is done."""
    solod = scenario.solod
    records = solod.records()
    if records is None:
        return ["the database cannot be read"]
    broken = [*_of_records(solod, records), *(text for login in scenario.logins for text in _of_login(login, records))]
    if not scenario.was_blind:
        broken += _of_limit(scenario, records)
    return broken


def _of_limit(scenario, records):
    """At most one session of an account at every instant. Broken by who was granted while solod could not read who is
    logged in; nothing but that is forgiven."""
    for row in records.values():
        if row["state"] in LIVE and row["slot"] != 0:
            yield f"{row['account']} has slot {row['slot']} of one"
    for login in scenario.logins:
        if "not alone" in login.lines():
            yield f"login {login.pid} {login.lines()}: was granted while another one lived"


def _of_records(solod, records):
    live = {key: row["state"] for key, row in records.items() if row["state"] in LIVE}
    if (known := solod.sessions()) != live:
        yield f"solod says {known}, on record are {live}"
    if unsettled := [key for key, state in live.items() if state != "active"]:
        yield f"not settled: {unsettled}"
    places = [(row["account"], row["slot"], row["share"]) for row in records.values() if row["state"] in LIVE]
    if len(set(places)) < len(places):
        yield f"a slot is held twice: {places}"
    for key, row in records.items():
        if (row["state"] == "ended") != (row["reason"] is not None and row["ended"] is not None):
            yield f"session {key} is {row['state']}, reason {row['reason']}, ended {row['ended']}"


def _of_login(login, records):
    own = [row for row in records.values() if row["leader_pid"] == login.pid]
    live = [row for row in own if row["state"] in LIVE]
    said = f"login {login.pid} {login.lines()}"
    if not login.is_decided():
        yield f"{said}: has no answer"
    elif login.is_leaving and login.is_alive():
        yield f"{said}: has not logged out yet"
    elif login.is_logged_in():
        if [row["state"] for row in own if row["state"] != "ended"] != ["active"] or login.id not in records:
            yield f"{said}: is granted, on record is {own}"
    elif live and not (login.is_alive() and login.word_after("close")):
        yield f"{said}: has no session, on record is {live}"
    if login.is_granted() and login.id not in records:
        yield f"{said}: its grant is not on record"
    if login.signal_it_died_of() in (signal.SIGTERM, signal.SIGKILL) and not login.is_killed:
        if (reason := records.get(login.id, {}).get("reason")) != "superseded":
            yield f"{said}: was ended, its reason on record is {reason}"


def check_promise(scenario, seconds=12):
    """Waits until all promises are kept; raises with those that are not."""
    broken = []

    def is_kept():
        broken[:] = broken_promises(scenario)
        return not broken

    if not wait_until(seconds, is_kept):
        raise AssertionError("; ".join(broken))


def check_way_out(scenario):
    """Everybody logs out; then somebody gets in, and the database is whole."""
    for login in scenario.logins:
        login.leave()
    for login in scenario.logins:
        if not wait_until(5, lambda login=login: not login.is_alive()):
            login.kill()  # it is deaf
    check_promise(scenario)
    for account in ("alice", "carol"):
        login = scenario.login("--no-account", account=account).go()
        login.await_grant().leave()
        if not wait_until(10, lambda login=login: not login.is_alive()):
            raise AssertionError(f"does not log out: {login.lines()}")
        if login.word_after("close") != "PAM_SUCCESS":
            raise AssertionError(f"cannot log out: {login.lines()}")
    check_promise(scenario)
    if (integrity := scenario.solod.integrity()) != "ok":
        raise AssertionError(f"integrity_check: {integrity}")
