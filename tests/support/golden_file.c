/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/golden_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The file as a string, malloc'ed. */
static char *read_text(const char *path)
{
	FILE *in = fopen(path, "rb"), *copy;
	char *text = NULL;
	size_t bytes;
	int c;

	if (!in)
		fail_msg("%s: there are no cases", path);
	copy = open_memstream(&text, &bytes);
	assert_non_null(copy);
	while ((c = fgetc(in)) != EOF)
		fputc(c, copy);
	fclose(copy);
	fclose(in);
	return text;
}

static void write_text(const char *path, const char *text, size_t bytes)
{
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, bytes, out), bytes);
	fclose(out);
}

/* Ends the title and returns the text behind it. */
static char *cut_title(const char *path, char *text)
{
	char *end = strchr(text, '\n');

	if (strncmp(text, "=== ", 4) || !end)
		fail_msg("%s: a case does not begin with ===", path);
	*end = 0;
	return end + 1;
}

/* The blank line between cases belongs to neither. */
static bool is_same(const char *expected, const char *got)
{
	size_t n = strlen(got);

	return expected && !strncmp(got, expected, n) && expected[n] <= '\n';
}

/* Runs the case at `text`, writes it to `out`, returns the next one. */
static char *check_case(const char *path, char *text, golden_fn *run,
			const void *arg, FILE *out)
{
	char *next = strstr(text + 1, "\n=== "), *in, *expected, *got;

	if (next)
		*next++ = 0;
	in = cut_title(path, text);
	expected = strstr(in, "---\n");
	if (expected) {
		*expected = 0;
		expected += 4;
	}
	got = run(text + 4, in, arg);
	fprintf(out, "%s\n%s---\n%s\n", text, in, got);
	if (!is_same(expected, got) && !getenv("UPDATE")) {
		print_message("%s: %s\n--- is now\n%s", path, text + 4, got);
		fail_msg("%s: %s: not what is expected", path, text + 4);
	}
	free(got);
	return next;
}

void golden_file_check(const char *path, golden_fn *run, const void *arg)
{
	char *text = read_text(path), *now = NULL;
	size_t bytes;
	FILE *out = open_memstream(&now, &bytes);

	assert_non_null(out);
	for (char *at = text; at && *at;)
		at = check_case(path, at, run, arg, out);
	fclose(out);
	if (getenv("UPDATE"))
		write_text(path, now, bytes - 1); /* no blank line at the end */
	free(now);
	free(text);
}
