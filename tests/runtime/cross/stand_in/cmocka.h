/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_STAND_IN_CMOCKA_H
#define DBC_TESTS_STAND_IN_CMOCKA_H

/* What the tests of kernels use of cmocka, for other processors: the first
 * failure ends the program. */
#include <stdio.h>
#include <stdlib.h>

struct CMUnitTest {
	const char *name;
	void (*run)(void **state);
};

#define print_message printf
#define fail_msg(...)                                                     \
	(printf(__VA_ARGS__), printf("\nat %s:%d\n", __FILE__, __LINE__), \
	 exit(1))
#define assert_true(holds)                                     \
	do {                                                   \
		if (!(holds))                                  \
			fail_msg("does not hold: %s", #holds); \
	} while (0)
#define assert_int_equal(a, b) assert_true((a) == (b))
#define assert_non_null(p) assert_true((p) != NULL)
#define cmocka_unit_test(function)  \
	{                           \
#function, function \
	}
#define cmocka_run_group_tests(tests, setup, end) \
	run_tests(tests, sizeof(tests) / sizeof(*(tests)), setup)

static inline int run_tests(const struct CMUnitTest *tests, size_t count,
			    int (*setup)(void **state))
{
	void *state = NULL;

	if (setup && setup(&state))
		return 1;
	for (size_t i = 0; i < count; i++) {
		printf("[ RUN      ] %s\n", tests[i].name);
		fflush(stdout);
		tests[i].run(&state);
		printf("[       OK ] %s\n", tests[i].name);
	}
	return 0;
}

#endif
