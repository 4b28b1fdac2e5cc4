/* SPDX-License-Identifier: Apache-2.0 */
/* The subject of messages: nested scopes, and none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/diag.h"

static int fail_in(struct diag *d, const char *file, int depth)
{
	char *former = diag_enter(d, file);
	int err = depth ? fail_in(d, "inner", depth - 1) :
			  diag_error(d, "is broken");

	diag_leave(d, former);
	return err;
}

static void test_nested(void **state)
{
	struct diag d;

	(void)state;
	diag_init(&d);
	assert_int_equal(fail_in(&d, "outer", 2), -1);
	diag_error(&d, "after");
	assert_int_equal(d.count, 2);
	assert_string_equal(d.entries[0].text, "inner: is broken");
	assert_string_equal(d.entries[1].text, "after");
	diag_free(&d);
}

static void test_restores(void **state)
{
	struct diag d;
	char *former;

	(void)state;
	diag_init(&d);
	diag_set_file(&d, "model");
	former = diag_enter(&d, NULL);
	diag_note(&d, "no subject");
	diag_leave(&d, former);
	diag_warn(&d, "again");
	assert_string_equal(d.entries[0].text, "no subject");
	assert_string_equal(d.entries[1].text, "model: again");
	assert_false(diag_failed(&d));
	diag_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_restores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
