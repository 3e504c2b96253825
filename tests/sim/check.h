/* Assertions for the parts that every simulation shares: they fail the case that runs. */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define sim_check(condition) assert_true(condition)

#endif
