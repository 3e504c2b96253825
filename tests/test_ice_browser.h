/* A lite agent and a browser that is played by the STUN writer, in virtual time. */
#ifndef STRAIT_TESTS_TEST_ICE_BROWSER_H
#define STRAIT_TESTS_TEST_ICE_BROWSER_H

#include "test_ice_harness.h"

#define LOCAL_UFRAG "lufr"
#define LOCAL_PWD "localpasswordlocalpassword"
#define REMOTE_UFRAG "rufr"
#define REMOTE_PWD "remotepasswordremotepasswo"
#define NEW_LOCAL_UFRAG "lnew"
#define NEW_LOCAL_PWD "newlocalpasswordnewlocal"
#define NEW_REMOTE_UFRAG "rnew"

/* What a check of the browser says. */
struct fake {
    const char *first, *second, *pwd;
    uint32_t priority; /* 0: left out */
    bool nominate, controlled, both_roles, no_username, keep_transaction;
    uint16_t unknown;
};

extern struct agent agent;
extern struct strait_path home, away; /* the browser's, with two addresses */
extern const struct fake plain;

int setup(void **state);
int teardown(void **state);
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

void set_remote(const char *ufrag);
/* Ours, to the NEW_ credentials. */
void restart(void);
bool linked(const char *ufrag);

struct fake with_nomination(void);
/* With the new generation of both sides. */
struct fake renewed(bool nominate);
size_t write_check(uint8_t out[STRAIT__STUN_MAX], const struct fake *f);
/* Sends it; the answer's code (200: success, 0: none), its integrity checked against `f`'s password. */
int ask(const struct strait_path *from, const struct fake *f);
void connect_nominated(void);
/* Forgets what happened, and lets time pass. */
void pass(strait_time time);
/* The states since then, by name. */
void assert_states(const char *expected);

#endif
