/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_junit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/suite_text.h"

/* Bytes of a UTF-8 character at `s`, 0 where it is none. */
static int character_bytes(const unsigned char *s)
{
	int n = *s < 0x80               ? 1 :
		*s >= 0xc2 && *s < 0xe0 ? 2 :
		*s >= 0xe0 && *s < 0xf0 ? 3 :
		*s >= 0xf0 && *s < 0xf5 ? 4 :
					  0;

	for (int i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Text of an attribute or an element: names come from files. */
static void print_escaped(FILE *f, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s) {
		int n = character_bytes(s);

		if (*s == '<')
			fputs("&lt;", f);
		else if (*s == '>')
			fputs("&gt;", f);
		else if (*s == '&')
			fputs("&amp;", f);
		else if (*s == '"')
			fputs("&quot;", f);
		else if (*s < ' ' || !n)
			fputc('?', f);
		else
			fwrite(s, 1, (size_t)n, f);
		s += n ? n : 1;
	}
}

/* What is wrong, in an attribute; the text is made first to be escaped. */
static int print_reasons(FILE *f, const struct suite_outcome *o)
{
	char *text = NULL;
	size_t bytes;
	FILE *t = open_memstream(&text, &bytes);

	if (!t)
		return -1;
	suite_text_reasons(o, false, t);
	if (fclose(t))
		return -1;
	print_escaped(f, text);
	free(text);
	return 0;
}

static int print_outcome(FILE *f, const struct suite *s,
			 const struct suite_result *r,
			 const struct suite_outcome *o)
{
	bool fails = o->verdict == SHARE_FAILED ||
		     (o->verdict == SHARE_TOO_FEW && s->too_few_fails);

	fputs("    <testcase classname=\"", f);
	print_escaped(f, r->model);
	fputs("\" name=\"", f);
	print_escaped(f, o->name);
	if (o->verdict == SHARE_PASSED) {
		fputs("\"/>\n", f);
		return 0;
	}
	fputs(fails ? "\">\n      <failure type=\"expectation\" message=\"" :
		      "\">\n      <skipped message=\"",
	      f);
	if (print_reasons(f, o))
		return -1;
	if (!fails || !o->worst_count) {
		fputs("\"/>\n    </testcase>\n", f);
		return 0;
	}
	fputs("\">photos with the most errors:", f);
	for (int i = 0; i < o->worst_count; i++) {
		fputs("\n", f);
		print_escaped(f, o->worst[i]);
	}
	fputs("</failure>\n    </testcase>\n", f);
	return 0;
}

static int print_all(FILE *f, const struct suite *s,
		     const struct suite_result *results, int count)
{
	int tests = 0, failures = 0;

	for (int i = 0; i < count; i++) {
		const struct suite_result *r = &results[i];

		tests += r->outcome_count;
		failures += r->failed + (s->too_few_fails ? r->too_few : 0);
	}
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"",
	      f);
	print_escaped(f, s->path);
	fprintf(f, "\" tests=\"%d\" failures=\"%d\" errors=\"0\">\n", tests,
		failures);
	for (int i = 0; i < count; i++) {
		const struct suite_result *r = &results[i];

		fputs("  <testsuite name=\"", f);
		print_escaped(f, r->model);
		fprintf(f,
			"\" tests=\"%d\" failures=\"%d\" errors=\"0\" "
			"skipped=\"%d\">\n",
			r->outcome_count,
			r->failed + (s->too_few_fails ? r->too_few : 0),
			s->too_few_fails ? 0 : r->too_few);
		for (int k = 0; k < r->outcome_count; k++)
			if (print_outcome(f, s, r, &r->outcomes[k]))
				return -1;
		fputs("  </testsuite>\n", f);
	}
	fputs("</testsuites>\n", f);
	return 0;
}

char *suite_junit(const struct suite *s, const struct suite_result *results,
		  int count, struct diag *d)
{
	char *data = NULL;
	size_t bytes;
	FILE *f = open_memstream(&data, &bytes);
	int err;

	if (f) {
		err = print_all(f, s, results, count) || ferror(f);
		if (!fclose(f) && !err)
			return data;
	}
	free(data);
	diag_error(d, "out of memory");
	return NULL;
}
