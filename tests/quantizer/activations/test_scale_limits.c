/* SPDX-License-Identifier: Apache-2.0 */
/* Weights and values at the ends of what a float can hold: one error or a
 * model, and always an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "converter/pack/pack.h"
#include "converter/pack/packed_file.h"
#include "quantizer/quantizer.h"
#include "tests/support/fixture.h"
#include "tests/support/lower_and_pack.h"
#include "tests/support/random_input.h"

#define ELEMENTS (6 * 6 * 2)

/* Convolutions, the first two with weights of these sizes, the second with such
 * a bias. Returns 0, or -1 with one error in f->d. */
static int convert(struct fixture *f, const char *first, const char *second,
		   const char *bias)
{
	int elements = ELEMENTS;
	const struct samples samples = random_samples(4, &elements);
	char constants[500];
	struct packed p = { 0 };
	struct graph *g;
	struct config c;
	int err;

	snprintf(constants, sizeof(constants),
		 "input %%x f32 1x6x6x2\n"
		 "const %%v f32 2x2x1x1 = [%s, 0.5, 0.25, %s]\n"
		 "const %%w f32 2x2x1x1 = [%s, 1.0, 0.5, -1.0]\n"
		 "const %%z f32 2x2x1x1 = random 1\n"
		 "const %%b f32 2 = [%s, 1.0]\n",
		 first, first, second, bias);
	g = fixture_graph(f, constants,
			  "%a = Conv(%x, %v) layout=nhwc : f32 1x6x6x2\n",
			  "%c = Conv(%a, %w, %b) layout=nhwc : f32 1x6x6x2\n"
			  "%y = Conv(%c, %z) layout=nhwc : f32 1x6x6x2\n"
			  "output %y\n");
	config_init(&c);
	c.jobs = 1;
	err = quantize_graph(g, &c, &samples, NULL, NULL, &f->d) ||
	      lower_and_pack(g, &c, &f->arena, &p, &f->d);
	return err ? -1 : 0;
}

static void test_all_sizes(void **state)
{
	static const char *const sizes[] = {
		"0.0", "1e-45", "1e-38", "1e-20",
		"1.0", "1e18",  "-1e30", "3.4e38"
	};
	const int n = sizeof(sizes) / sizeof(*sizes);

	(void)state;
	for (int i = 0; i < n * n * n; i++) {
		struct fixture *f;
		int err;

		assert_int_equal(fixture_setup((void **)&f), 0);
		err = convert(f, sizes[i % n], sizes[i / n % n],
			      sizes[i / n / n]);
		if (f->d.errors != (err ? 1 : 0))
			fail_msg("%s %s %s: %zu errors", sizes[i % n],
				 sizes[i / n % n], sizes[i / n / n],
				 f->d.errors);
		fixture_teardown((void **)&f);
	}
}

static void test_product_larger_than_a_float(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(convert(f, "1e18", "3.4e38", "1.0"), -1);
	assert_string_equal(f->d.entries[f->d.count - 1].text,
			    "node '' (Conv): weights times input are larger "
			    "than a float can be");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_sizes),
		cmocka_unit_test_setup_teardown(
			test_product_larger_than_a_float, fixture_setup,
			fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
