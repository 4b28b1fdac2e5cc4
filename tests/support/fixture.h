/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_FIXTURE_H
#define DBC_TESTS_FIXTURE_H

#include "ir/arena.h"
#include "ir/diag.h"

/* What a test of graphs needs: set up and torn down around each. */
struct fixture {
	struct arena arena;
	struct diag d;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

#endif
