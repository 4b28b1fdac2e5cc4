/* SPDX-License-Identifier: Apache-2.0 */
/* The models that fuzzing begins with open, run, and run in bands alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/dbrt.h"
#include "tests/support/op_models.h"

static int go_on(void *ctx)
{
	(void)ctx;
	return 0;
}

static void run_one(uint32_t i, const uint8_t *file, size_t bytes)
{
	static _Alignas(64) uint8_t arena[1 << 16];
	struct dbrt_model m;
	uint32_t want, got;
	int status = dbrt_open(&m, file, bytes);

	if (status != DBRT_OK)
		fail_msg("model %u: %s", i, dbrt_status_text(status));
	memset(arena, 0x7f, sizeof(arena));
	assert_int_equal(dbrt_bind(&m, arena, sizeof(arena)), DBRT_OK);
	assert_int_equal(dbrt_golden_crc32(&m, 1, &want), DBRT_OK);
	dbrt_set_tick(&m, go_on, NULL);
	assert_int_equal(dbrt_golden_crc32(&m, 1, &got), DBRT_OK);
	assert_int_equal(want, got);
}

static void test_all(void **state)
{
	uint32_t count = 0;
	uint8_t *file;
	size_t bytes;

	(void)state;
	for (; (file = op_model(count, &bytes)); count++) {
		run_one(count, file, bytes);
		free(file);
	}
	assert_true(count > 70);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_all) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
