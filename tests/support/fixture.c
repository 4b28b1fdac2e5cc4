/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fixture.h"

#include <stdlib.h>

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
