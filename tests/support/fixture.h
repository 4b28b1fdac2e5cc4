/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_FIXTURE_H
#define DBC_TESTS_FIXTURE_H

#include "base/arena.h"
#include "base/diag.h"
#include "ir/graph.h"

/* What a test of graphs needs: set up and torn down around each. */
struct fixture {
	struct arena arena;
	struct diag d;
};

/* The graph of a text in three parts. */
struct graph *fixture_graph(struct fixture *f, const char *head,
			    const char *middle, const char *end);

int fixture_setup(void **state);
int fixture_teardown(void **state);

#endif
