/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void test_printable(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{ "plain name", "plain name" },
		{ "", "" },
		{ "\x1b[2J", "\\x1b[2J" },
		{ "a\nb\r\t\x7f", "a\\x0ab\\x0d\\x09\\x7f" },
		/* UTF-8 is kept, but for its control characters */
		{ "\xc3\xa9\xc2\xa0\xe2\x82\xac",
		  "\xc3\xa9\xc2\xa0\xe2\x82\xac" },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" },
		{ "\xc2", "\xc2" },
	};
	char out[64];
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(
			text_printable(rows[i].from, out, sizeof(out)),
			rows[i].to);
	assert_string_equal(text_printable("abcdefgh", out, 8), "abcd");
	assert_string_equal(TEXT_PRINTABLE("a\x1b"), "a\\x1b");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_printable) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
