/* SPDX-License-Identifier: MIT
 *
 * The promise of Solo, checked over every interleaving: logins of one account, what they leave behind, solod, crashes.
 *
 * One proctype per actor: login (a login program with pam_solo.so in it), remains (what it has started), fate (kills and
 * crashes), and solod's event loop as connection (calls and lines), leader_watch, session_ender and flush. solod has one
 * thread, so each of its steps is one d_step. README.md maps every step to its source and says what is left out.
 *
 * LOGINS, LIMIT (MaxSessions), CRASHES, LOSSES (replies lost without a crash) and ENDS (by an administrator) are the size.
 * MUTANT=name breaks one thing on purpose; `check` knows which promise that has to break.
 */
#ifndef LOGINS
#define LOGINS 2
#endif
#ifndef LIMIT
#define LIMIT 1
#endif
#ifndef FAULTS
#define FAULTS 1
#endif

#define each(i) i : 0 .. LOGINS - 1

/* --- the promise: pan shows the name of the one that is broken --------------------------------------------------------- */

#ifdef ONLY /* that promise alone: init says which */
#define unchecked 1
#else
#define unchecked 0
#endif
hidden byte at_most_n_holders = unchecked, one_session_per_slot = unchecked, grant_is_stored = unchecked,
            ended_once = unchecked, one_reason = unchecked, free_only_when_gone = unchecked,
            retry_gives_the_same_session = unchecked, over_is_never_signalled = unchecked,
            ending_is_stored_before_signals = unchecked, nobody_is_locked_out = unchecked;
#define promise(name, condition) assert((condition) || name)

#define NONE 0
mtype = { OPENING, ACTIVE, ENDING, ENDED };                                    /* states */
mtype = { LOGOUT, LEADER_EXITED, SUPERSEDED, TERMINATED, LOST, UNCONFIRMED };  /* reasons */
mtype = { OPEN, CONFIRM, CLOSE };                                              /* calls */
mtype = { GRANT, REFUSE, CLOSED };                                             /* replies */
mtype = { LINE_OPEN, LINE_CLOSED, LINE_UNKNOWN };
mtype = { BEGUN, ASKED };                                                      /* how far an ending is */

/* Who is ended whole, and of whom only what serves the line is ended: session_ender.cpp, extent_of(). */
#define is_whole(why) ((why) == SUPERSEDED || (why) == TERMINATED)

/* --- the world: processes and sockets, as the kernel knows them -------------------------------------------------------- */

bool has_asked[LOGINS];
bool leader[LOGINS];      /* the login program lives */
bool server[LOGINS];      /* a child of it that has the line open lives (sshd's unprivileged child) */
bool program[LOGINS];     /* a program of the person lives; it has no descriptor of the line */
bool person_in[LOGINS];   /* pam_open_session has succeeded, pam_close_session has not been called */
bool told[LOGINS];        /* SIGTERM has come */
bool leader_line[LOGINS]; /* the leader has its end of the connection open */
bool connected[LOGINS];   /* solod has its end of it open */
chan call[LOGINS] = [2] of { mtype };
chan reply[LOGINS] = [1] of { mtype };

#define line_is_held(i) (leader_line[i] || server[i])
inline exit_leader(i) {
    leader[i] = false; leader_line[i] = false; told[i] = false;
    if
    :: len(reply[i]) > 0 -> reply[i]?_
    :: len(reply[i]) == 0
    fi
}

/* --- on disk ----------------------------------------------------------------------------------------------------------- */

mtype stored[LOGINS];        /* state of the login's latest session */
mtype stored_reason[LOGINS];
bool stored_line[LOGINS];    /* its inode on record is that of the present line */
bool stored_traces[LOGINS];  /* the audit session, by which who has no line is found */

/* --- solod's memory: lost in a crash ----------------------------------------------------------------------------------- */

bool up;
mtype state[LOGINS];       /* registry: OPENING, ACTIVE, ENDING; an ended session is forgotten (NONE) */
mtype reason[LOGINS];
mtype line[LOGINS];
bool knows_line[LOGINS];   /* the inode that is known is that of the present line */
bool traces[LOGINS];       /* the audit session is known */
bool stuck[LOGINS];
byte turn[LOGINS];        /* whose place in the queue for a slot it is; 0: it does not wait */
bool asking[LOGINS];       /* Open is being answered: no other call of this connection is read */
bool is_line[LOGINS];      /* this connection is the session's line: LoginService::lines_ */
bool watched[LOGINS];      /* LeaderWatch has its pidfd */
mtype ender[LOGINS];       /* SessionEnder: BEGUN, ASKED */
bool found_server[LOGINS], found_program[LOGINS]; /* ProcessSet: once found, a process stays in the set */
#ifdef OLD_TRACES
bool order_traces[LOGINS];
#endif

/* The batch of this round: what is decided and neither on disk nor said. */
mtype record[LOGINS];
mtype record_reason[LOGINS];
bool is_new[LOGINS];       /* the record is the first one of another session than the one that is stored */
bool order[LOGINS];        /* BeginEnding */
mtype verdict[LOGINS];     /* an answer on its way to commit */
mtype answer[LOGINS];      /* committed, not sent yet */

byte faults = FAULTS;

/* Scratch of d_steps; no part of the state. */
hidden byte h, n, w;
hidden mtype decision;
hidden byte is_going, is_hopeless, is_waited_for;

/* --- core/decision.cpp ------------------------------------------------------------------------------------------------- */

inline survey() { /* who holds slots */
    n = 0; is_going = false; is_hopeless = false; is_waited_for = false;
    for (each(h)) {
        n = n + (state[h] != NONE);
        is_going = is_going || (state[h] == ENDING && !stuck[h]);
        is_hopeless = is_hopeless || stuck[h];
        is_waited_for = is_waited_for || turn[h] > 0
    }
}

inline decide(l) {
    survey();
    if
#ifndef NO_NONCE
    :: state[l] == OPENING || state[l] == ACTIVE -> decision = ACTIVE /* retried: this very login has a session */
#endif
    :: else ->
        if
        :: state[l] == NONE && n < LIMIT -> decision = GRANT
        :: state[l] != NONE || is_hopeless && !(state[l] == NONE && n < LIMIT) -> decision = REFUSE /* shared leader; not gone */
        :: else -> decision = SUPERSEDED
        fi
    fi
}

/* --- core/registry.cpp ------------------------------------------------------------------------------------------------- */

inline record_it(s) {
    record[s] = state[s]; record_reason[s] = reason[s]
}

inline begin_ending(s, why) {
    state[s] = ENDING; reason[s] = why; record_it(s);
#ifdef SIGNALS_BEFORE_COMMIT
    ender[s] = BEGUN
#else
    order[s] = true
#endif
}

inline make_room() { /* Registry::supersede: who is going anyway goes first, else one holder (any: see README) */
    if
    :: is_going
    :: else ->
        for (each(h)) {
            if
            :: state[h] != NONE -> begin_ending(h, SUPERSEDED); break
            :: else
            fi
        }
    fi
}

inline settle(l) {
    if
    :: decision == ACTIVE ->
        line[l] = LINE_OPEN; verdict[l] = GRANT;
#ifndef RETRY_LEAVES_THE_OLD_LINE
        knows_line[l] = true; record_it(l)
#endif
    :: decision == GRANT ->
        state[l] = OPENING; reason[l] = NONE; line[l] = LINE_OPEN; knows_line[l] = true; traces[l] = false;
        stuck[l] = false;
        record_it(l); is_new[l] = true; verdict[l] = GRANT
    :: else -> verdict[l] = REFUSE
    fi
}

inline leave(l) { /* the queue */
    for (each(h)) {
        if
        :: turn[h] > turn[l] -> turn[h]--
        :: else
        fi
    }
    turn[l] = 0
}

inline queue(l) {
    turn[l] = 1;
    for (each(h)) {
        if
        :: h != l && turn[h] >= turn[l] -> turn[l] = turn[h] + 1
        :: else
        fi
    }
}

inline serve_waiting() {
    do
    :: true ->
        w = LOGINS;
        for (each(h)) {
            if
            :: turn[h] == 1 -> w = h
            :: else
            fi
        }
        if
        :: w == LOGINS -> break
        :: else
        fi;
        decide(w);
        if
        :: decision == SUPERSEDED ->
            make_room();
#ifdef GRANT_BEFORE_GONE
            leave(w); decision = GRANT; settle(w)
#else
            break
#endif
        :: else -> leave(w); settle(w)
        fi
    od;
    w = 0 /* a d_step cannot end with a loop */
}

inline open(l, refuses) {
    decide(l);
    if
    :: decision == SUPERSEDED && refuses -> decision = REFUSE; settle(l)
    :: decision == SUPERSEDED && !refuses || decision == GRANT && is_waited_for -> queue(l); serve_waiting()
    :: else -> settle(l)
    fi
}

inline over(s, why) {
    record[s] = ENDED; record_reason[s] = why;
    state[s] = NONE; reason[s] = NONE; line[s] = NONE; knows_line[s] = false; traces[s] = false; stuck[s] = false;
#ifndef OVER_SERVES_NOBODY
    serve_waiting()
#endif
}

inline confirm(s) {
    if
    :: state[s] == NONE /* it is over already */
    :: else ->
        knows_line[s] = true; traces[s] = true;
        if
        :: state[s] == OPENING -> state[s] = ACTIVE
        :: else
        fi;
        record_it(s)
    fi
}

inline close(s) {
    if
    :: state[s] == NONE ->
#ifdef CLOSE_ENDS_AGAIN
        record[s] = ENDED; record_reason[s] = LOGOUT;
#endif
#ifdef CLOSE_FREES_ANOTHER
        for (each(h)) {
            if
            :: state[h] == ACTIVE -> over(h, LOGOUT); break
            :: else
            fi
        }
#endif
        skip
#ifndef CLOSE_WHILE_ENDING
    :: state[s] == ENDING
#endif
    :: else -> over(s, LOGOUT)
    fi
}

inline line_closed(s) {
    if
    :: state[s] == NONE
    :: state[s] == OPENING -> over(s, UNCONFIRMED)
    :: else -> line[s] = LINE_CLOSED
    fi
}

inline leader_exited(s) {
    if
    :: state[s] == NONE || state[s] == ENDING
    :: else ->
        decision = (state[s] == OPENING -> UNCONFIRMED : LEADER_EXITED);
        if
#ifdef EXIT_FREES_THOUGH_LINE_OPEN
        :: true -> over(s, decision)
#else
        :: line[s] == LINE_CLOSED -> over(s, decision)
        :: else -> begin_ending(s, decision)
#endif
        fi
    fi
}

#ifdef RESTART_LOOKS_FOR_THE_LINE_ONLY
#define has_remains(s) (leader[s] || knows_line[s] && server[s])
#else
#define has_remains(s) (leader[s] || knows_line[s] && server[s] || traces[s] && is_whole(reason[s]) && (server[s] || program[s]))
#endif

inline restore(s) { /* LocalSlots::restore and Registry::restore */
    state[s] = stored[s]; reason[s] = stored_reason[s]; line[s] = LINE_UNKNOWN;
    knows_line[s] = stored_line[s]; traces[s] = stored_traces[s];
#ifndef RESTART_LEARNS_NOTHING
    traces[s] = traces[s] || leader[s] && state[s] != ACTIVE; /* its Confirm was lost */
#endif
    if
    :: leader[s] && state[s] != ENDING ->
#ifdef OPENING_IS_FORGOTTEN
        if
        :: state[s] == OPENING -> state[s] = NONE; record[s] = ENDED; record_reason[s] = LOST
        :: else -> watched[s] = true
        fi
#else
        state[s] = ACTIVE; record_it(s);
#ifndef RESTART_WATCHES_NOBODY
        watched[s] = true
#endif
#endif
#ifdef RESTART_FORGETS_ENDING
    :: state[s] == ENDING -> state[s] = NONE; record[s] = ENDED; record_reason[s] = stored_reason[s]
#endif
    :: else ->
        /* What is left of it: ProcessSet of the session, in the extent of its reason. */
        if
        :: state[s] != ENDING -> reason[s] = LOST
        :: else
        fi;
        if
        :: has_remains(s) -> state[s] = ENDING; record_it(s); order[s] = true
        :: else ->
            record[s] = ENDED; record_reason[s] = reason[s];
            state[s] = NONE; reason[s] = NONE; line[s] = NONE; knows_line[s] = false; traces[s] = false
        fi
    fi
}

/* --- record_queue.cpp, store.cpp, local_slots.cpp: the end of a round --------------------------------------------------- */

#define is_stored(i) (stored[i] == OPENING || stored[i] == ACTIVE || stored[i] == ENDING)

inline commit(s) {
    if
    :: record[s] == NONE
    :: else ->
        promise(ended_once, is_new[s] || stored[s] != ENDED);
        promise(retry_gives_the_same_session, !is_new[s] || !is_stored(s));
        promise(one_reason, is_new[s] || stored[s] != ENDING || stored_reason[s] == record_reason[s]);
        promise(free_only_when_gone, record[s] != ENDED || !(person_in[s] && leader[s]) && !server[s] &&
                !(program[s] && is_whole(record_reason[s])));
        stored[s] = record[s]; stored_reason[s] = record_reason[s];
        stored_line[s] = knows_line[s]; stored_traces[s] = traces[s];
        record[s] = NONE; record_reason[s] = NONE; is_new[s] = false
    fi
}

inline perform(s) {
    if
    :: stored[s] == ENDED -> watched[s] = false
    :: else
    fi;
    if
    :: verdict[s] == GRANT && state[s] == NONE -> answer[s] = REFUSE /* LocalSlots::take_charge */
    :: verdict[s] == GRANT && state[s] != NONE -> answer[s] = GRANT; watched[s] = true
    :: verdict[s] == REFUSE ->
        promise(retry_gives_the_same_session, stored[s] != OPENING && stored[s] != ACTIVE);
        answer[s] = REFUSE
    :: verdict[s] == CLOSED -> answer[s] = CLOSED
    :: else
    fi;
    verdict[s] = NONE;
    if
    :: order[s] ->
        ender[s] = BEGUN; order[s] = false;
#ifdef OLD_TRACES
        order_traces[s] = traces[s];
#endif
    :: else
    fi
}

#if LOGINS == 2
#define batch (record[0] || verdict[0] || order[0] || record[1] || verdict[1] || order[1])
#else
#define batch (record[0] || verdict[0] || order[0] || record[1] || verdict[1] || order[1] || \
               record[2] || verdict[2] || order[2])
#endif

/* What solod handles next. With SMALL it is written before the next event is looked at; else a round has any number of them. */
#ifdef SMALL
#define ready (up && !batch)
#else
#define ready up
#endif

active proctype flush() { /* LocalSlots::flush */
    byte s;
end:
    do
    :: d_step {
        up && batch ->
        for (each(s)) { commit(s) }
        n = 0;
        for (each(s)) { n = n + is_stored(s) }
        promise(one_session_per_slot, n <= LIMIT);
        for (each(s)) { perform(s) }
        s = 0
       }
    od
}

/* --- connection.cpp, login_service.cpp, slot_calls.cpp: what one login program says, and its line ----------------------- */

inline hang_up(i) { /* LoginService::line_ended */
    connected[i] = false;
    if
    :: is_line[i] -> is_line[i] = false; line_closed(i)
    :: else
    fi
}

/* The end of the stream, behind all that was sent. */
#define is_at_end(i) (connected[i] && !line_is_held(i) && len(call[i]) == 0)

proctype connection(byte i) {
end:
    do
    :: d_step { ready && !asking[i] && record[i] != ENDED && call[i]?[OPEN] -> call[i]?OPEN; asking[i] = true; open(i, false) }
    :: d_step { ready && !asking[i] && record[i] != ENDED && call[i]?[OPEN] -> call[i]?OPEN; asking[i] = true; open(i, true) }
    :: d_step { ready && !asking[i] && call[i]?[CONFIRM] -> call[i]?CONFIRM; confirm(i) }
    :: d_step { ready && !asking[i] && call[i]?[CLOSE] -> call[i]?CLOSE; asking[i] = true; close(i); verdict[i] = CLOSED }

    /* A commit is over; the answer leaves now, unless the login program has given up: then a grant is given back. */
    :: d_step {
        ready && answer[i] != NONE ->
        asking[i] = false;
        if
        :: line_is_held(i) ->
            reply[i]!answer[i];
            is_line[i] = is_line[i] || answer[i] == GRANT
        :: else ->
            is_line[i] = is_line[i] || answer[i] == GRANT;
            hang_up(i)
        fi;
        answer[i] = NONE
       }
#ifdef REPLY_BEFORE_COMMIT
    :: d_step { ready && verdict[i] == GRANT -> asking[i] = false; reply[i]!GRANT; is_line[i] = true; verdict[i] = NONE }
#endif
    :: d_step { /* or it is lost: the connection fails while it is sent */
        ready && answer[i] != NONE && faults > 0 ->
        faults--; asking[i] = false;
        is_line[i] = is_line[i] || answer[i] == GRANT; answer[i] = NONE;
        hang_up(i)
       }
    :: d_step { ready && is_at_end(i) && !asking[i] -> hang_up(i) }
    :: d_step { /* nobody waits for this answer any more: Registry::abandon */
        ready && is_at_end(i) && asking[i] && turn[i] > 0 ->
        leave(i); asking[i] = false; connected[i] = false; serve_waiting()
       }
    od
}

/* --- leader_watch.cpp -------------------------------------------------------------------------------------------------- */

proctype leader_watch(byte i) {
end:
    do /* what was sent on the line and its end were there before the exit, and come first */
    :: d_step { ready && watched[i] && !leader[i] && len(call[i]) == 0 && !is_at_end(i) -> watched[i] = false; leader_exited(i) }
    od
}

/* --- session_ender.cpp, process_set.cpp -------------------------------------------------------------------------------- */

#ifdef OLD_TRACES
#define known(i) order_traces[i]
#else
#define known(i) traces[i]
#endif
#define finds_leader(i) (leader[i] && is_whole(reason[i]))
#define finds_server(i) (server[i] && (knows_line[i] || is_whole(reason[i]) && known(i) || finds_leader(i) || found_server[i]))
#define finds_program(i) (program[i] && is_whole(reason[i]) && (known(i) || leader[i] || found_program[i]))
#define finds_anybody(i) (finds_leader(i) || finds_server(i) || finds_program(i))

proctype session_ender(byte i) {
end:
    do
    :: d_step { /* ask: SIGTERM to the leader */
        ready && ender[i] == BEGUN ->
        promise(over_is_never_signalled, state[i] == ENDING);
        promise(ending_is_stored_before_signals, stored[i] == ENDING);
        ender[i] = ASKED;
        found_server[i] = finds_server(i);
        found_program[i] = finds_program(i);
        told[i] = told[i] || finds_leader(i)
       }
#ifndef NOBODY_IS_KILLED
    :: d_step { /* kill: SIGKILL to all that are found, after the grace time */
        ready && ender[i] == ASKED && finds_anybody(i) ->
        promise(over_is_never_signalled, state[i] == ENDING);
        h = finds_server(i); n = finds_program(i);
        if
        :: finds_leader(i) -> exit_leader(i)
        :: else
        fi;
        server[i] = server[i] && !h;
        program[i] = program[i] && !n
       }
#endif
#ifndef SMALL
    :: d_step { /* some outlive even SIGKILL for a while: Registry::stuck */
        ready && ender[i] == ASKED && finds_anybody(i) && !stuck[i] && state[i] == ENDING ->
        stuck[i] = true; serve_waiting()
       }
#endif
    :: d_step { /* nobody is left: Registry::gone. What the leader has sent before it exited was there earlier. */
        ready && ender[i] == ASKED && !finds_anybody(i) && (leader[i] || len(call[i]) == 0) ->
        ender[i] = NONE; found_server[i] = false; found_program[i] = false;
        if
        :: state[i] == ENDING -> over(i, reason[i])
        :: else
        fi
       }
    :: d_step { /* sessions_service.cpp: somebody who may ends it: Registry::end */
        ready && faults > 0 && (state[i] == OPENING || state[i] == ACTIVE) ->
        faults--; begin_ending(i, TERMINATED)
       }
    od
}

/* The double fault that is not covered (README, "What the promise does not cover"): solod crashes while it ends a session
 * whole whose Confirm is not on record, and the leader goes before solod is back. */
#ifdef UNTRACED
#define is_untraced(i) false
#else
#define is_untraced(i) (stored[i] == ENDING && is_whole(stored_reason[i]) && !stored_traces[i] && program[i])
#endif
#define may_go(i) (up || !is_untraced(i))

/* --- pam_module/: open_session.cpp, close_session.cpp, solod.cpp, line.cpp, and the login program around them ----------- */

inline count_holders() {
    n = 0;
    for (each(h)) { n = n + (person_in[h] && (leader[h] || server[h])) }
}

inline connect() {
    leader_line[i] = true; connected[i] = true; is_line[i] = false;
    knows_line[i] = false; stored_line[i] = false
}

proctype login(byte i) {
    {
        i == 0 || has_asked[i - 1]; /* logins are alike: they are numbered as they first ask */
        has_asked[i] = true;
ask:
        if
        :: atomic { up -> connect(); call[i]!OPEN }
#ifndef PATIENT
        :: !up -> goto denied /* nobody listens for a second */
#endif
        fi;
        if
        :: d_step {
            reply[i]?[GRANT] && connected[i] -> /* Confirm is sent, and the person is in */
            reply[i]?GRANT; call[i]!CONFIRM; person_in[i] = true;
            promise(grant_is_stored, is_stored(i));
            count_holders();
            promise(at_most_n_holders, n <= LIMIT)
           }
        :: d_step { reply[i]?[GRANT] && !connected[i] -> reply[i]?GRANT; leader_line[i] = false }; goto ask
        :: reply[i]?REFUSE -> goto denied
        :: d_step { !connected[i] && len(reply[i]) == 0 -> leader_line[i] = false }; goto ask /* lost: tries again */
#ifndef PATIENT
        :: goto denied /* the deadline */
#endif
        fi;

        /* The session. sshd forks a child that inherits the line; login and su do not. */
        if
        :: server[i] = true
        :: true
        fi;
#ifndef SMALL
        program[i] = true;
#endif
        if
        :: true  /* the person logs out */
        :: told[i]
#ifdef LIVENESS
        :: true -> goto end_stays
#endif
        fi;
        server[i] = false;
        person_in[i] = false;
close_it:
        if
        :: atomic { connected[i] -> call[i]!CLOSE }
        :: atomic { !connected[i] && up -> connect(); call[i]!CLOSE }
        :: goto denied /* nobody listens, or the deadline: it ends with its leader */
        fi;
        if
        :: reply[i]?CLOSED
        :: d_step { !connected[i] && len(reply[i]) == 0 -> leader_line[i] = false }; goto close_it
        :: goto denied
        fi;
denied:
        atomic { may_go(i) -> person_in[i] = false; exit_leader(i) };
        goto done;
end_stays:
        false;
done:   skip
    } unless { !leader[i] }
}

/* --- what the login program has started --------------------------------------------------------------------------------- */

proctype remains(byte i) {
end:
    do
    :: d_step { server[i] && !leader[i] -> server[i] = false }
    :: d_step { program[i] && !leader[i] -> program[i] = false }
#ifdef LIVENESS
    :: true -> break
#endif
    od
}

/* --- kills and crashes -------------------------------------------------------------------------------------------------- */

proctype killer(byte i) {
end:
    if
    :: d_step { leader[i] && has_asked[i] && may_go(i) -> exit_leader(i) }
#ifdef LIVENESS
    :: true
#endif
    fi
}

inline drain(calls) {
    do
    :: len(calls) > 0 -> calls?_
    :: len(calls) == 0 -> break
    od
}

inline crash(keeps) { /* all that was in memory is gone, and all connections but the lines that systemd keeps */
    for (each(s)) {
        state[s] = NONE; reason[s] = NONE; line[s] = NONE; knows_line[s] = false; traces[s] = false; stuck[s] = false;
        asking[s] = false;
        watched[s] = false; ender[s] = NONE; turn[s] = 0; found_server[s] = false; found_program[s] = false;
        record[s] = NONE; record_reason[s] = NONE; is_new[s] = false; order[s] = false; verdict[s] = NONE; answer[s] = NONE;
        if
        :: keeps && is_line[s]
        :: else ->
            is_line[s] = false; connected[s] = false;
            drain(call[s])
        fi
    }
}

inline start() { /* Daemon::recover, before any call is accepted */
    for (each(s)) {
        if
        :: is_stored(s) -> restore(s)
        :: else -> skip
        fi;
        if
        :: is_line[s] && state[s] == NONE -> is_line[s] = false; connected[s] = false;
            drain(call[s])
        :: is_line[s] && state[s] != NONE
        :: else
        fi
    }
    up = true
}

#define is_covered(i) (leader[i] || !is_untraced(i))
#if LOGINS == 2
#define may_crash (up && faults > 0 && is_covered(0) && is_covered(1))
#else
#define may_crash (up && faults > 0 && is_covered(0) && is_covered(1) && is_covered(2))
#endif

proctype fate() {
    byte s;
end:
    do
    :: d_step { may_crash -> faults--; crash(false); up = false; s = 0 }
    :: d_step { may_crash -> faults--; crash(true); up = false; s = 0 }
    :: d_step { !up -> start(); s = 0 }
#ifdef LIVENESS
    :: d_step { up -> faults = 0 }; break
#endif
    od
}

/* Every run comes to rest (no step undoes another, and faults are counted), so what must happen in the end has happened
 * when nothing can happen any more: of logins whose processes have gone no session is left, and nobody waits. */
#ifndef LIVENESS
active proctype rest() {
    byte i;
end:
    d_step {
        timeout ->
        for (each(i)) {
            promise(nobody_is_locked_out, leader[i] || server[i] || !is_stored(i) && state[i] == NONE);
            promise(nobody_is_locked_out, turn[i] == 0 && !asking[i])
        }
        i = 0
    }
}
#endif

/* The same in LTL, where people and what they have started stay until they are made to go, and faults need not come. Each
 * holds of both logins. */
#ifdef LTL
#define asks(i) (has_asked[i] && leader[i] && !person_in[i])
#define is_ending(i) (stored[i] == ENDING)
#define is_left(i) (is_stored(i) && !leader[i])
#define every(p) ([] (p(0) -> <> !p(0)) && [] (p(1) -> <> !p(1)))
ltl who_asks_is_in_or_gone { every(asks) }
ltl ending_leads_to_ended { every(is_ending) }
ltl left_behind_leads_to_ended { every(is_left) }
#endif

init {
    byte i;
    atomic {
        up = true;
#ifdef ONLY
        ONLY = 0;
#endif
        for (each(i)) {
            leader[i] = true;
            run login(i); run remains(i);
#ifndef NO_KILLS
            run killer(i);
#endif
            run connection(i); run leader_watch(i); run session_ender(i)
        }
        i = 0;
        run fate()
    }
}
