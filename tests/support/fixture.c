/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct graph *fixture_graph(struct fixture *f, const char *head,
			    const char *middle, const char *end)
{
	size_t room = strlen(head) + strlen(middle) + strlen(end) + 1;
	char *text = arena_alloc(&f->arena, room);
	struct graph *g;

	assert_non_null(text);
	snprintf(text, room, "%s%s%s", head, middle, end);
	g = graph_parse(&f->arena, text, &f->d);
	if (!g)
		fail_msg("%s", f->d.entries[0].text);
	return g;
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	arena_init(&f->arena, 0);
	diag_init(&f->d);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	diag_free(&f->d);
	free(f);
	return 0;
}
