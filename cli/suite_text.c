/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool suite_text_unicode(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (int i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "UTF-8") ||
			       strcasestr(value, "UTF8");
	}
	return false;
}

/* ---- Figures ---- */

/* Units of a figure: false alarms are per 1,000, limits of the model in bytes
 * and milliseconds. */
static double shown(const struct suite_check *c, double x)
{
	if (!strcmp(c->metric, "max-latency"))
		return x / 1e3;
	return !strcmp(c->metric, "false-alarms") ? 1e3 * x : x;
}

static const char *unit_of(const struct suite_check *c)
{
	if (c->cases)
		return "";
	return strcmp(c->metric, "max-latency") ? " bytes" : " ms";
}

/* Places after the point: more where two figures would look equal. */
static int places_of(const struct suite_check *c, double x, double y)
{
	int places = c->cases ? 2 : 0;
	char a[40], b[40];

	if (!strcmp(c->metric, "false-alarms"))
		places = 0;
	if (!strcmp(c->metric, "max-latency"))
		places = 2;
	for (; x != y && places < 6; places++) {
		snprintf(a, sizeof(a), "%.*f", places, x);
		snprintf(b, sizeof(b), "%.*f", places, y);
		if (strcmp(a, b))
			break;
	}
	return places;
}

static void print_bound(const struct suite_check *c, FILE *out)
{
	double value = shown(c, c->value), limit = shown(c, c->limit);
	int places = places_of(c, value, limit);
	bool at_most = c->bound == SUITE_MAX;
	const char *sign = at_most        ? value <= limit ? "<=" : ">" :
			   value >= limit ? ">=" :
					    "<";

	fprintf(out, "%s %.*f %s %.*f%s", c->metric, places, value, sign,
		places, limit, unit_of(c));
}

static void print_drop(const struct suite_check *c, FILE *out)
{
	double value = shown(c, c->value), base = shown(c, c->baseline);
	double less = fabs(value - base), limit = shown(c, c->limit);
	int places = places_of(c, less, limit);

	fprintf(out, "%s %.*f, %.*f %s the baseline's %.*f", c->metric, places,
		value, places, less, value < base ? "below" : "above", places,
		base);
	if (c->verdict == SHARE_FAILED)
		fprintf(out, ", more than %.*f", places, limit);
}

/* The ends of the interval, which is one of differences for a drop. */
static void print_interval(const struct suite_check *c, FILE *out)
{
	bool alarms = !strcmp(c->metric, "false-alarms");
	double low = shown(c, c->share.low), high = shown(c, c->share.high);
	int places = alarms ? 0 : 2;

	if (c->bound == SUITE_DROP && alarms) {
		double t = low;

		low = -high;
		high = -t;
	}
	fprintf(out, "%d %s: %.*f to %.*f", c->share.count, c->cases, places,
		low, places, high);
}

void suite_text_check(const struct suite_check *c, FILE *out)
{
	if (c->cases && !c->share.count) {
		fprintf(out, "%s cannot be told: no %s", c->metric, c->cases);
		return;
	}
	if (c->bound == SUITE_DROP)
		print_drop(c, out);
	else
		print_bound(c, out);
	if (!c->cases)
		return;
	if (c->verdict == SHARE_TOO_FEW)
		fputs(", too few photos to tell", out);
	fputs(" (", out);
	print_interval(c, out);
	if (c->verdict == SHARE_TOO_FEW && c->share.needed)
		fprintf(out, "; about %d would tell", c->share.needed);
	fputc(')', out);
}

/* ---- Lines ---- */

void suite_text_reasons(const struct suite_outcome *o, bool all, FILE *out)
{
	const char *before = "";

	if (!o->photos && !o->truths && o->check_count && o->checks[0].cases) {
		fputs("holds no photo", out);
		return;
	}
	/* what fails first */
	for (int round = 0; round < 3; round++) {
		static const enum share_verdict order[] = { SHARE_FAILED,
							    SHARE_TOO_FEW,
							    SHARE_PASSED };

		for (int i = 0; i < o->check_count; i++) {
			const struct suite_check *c = &o->checks[i];

			if (c->verdict != order[round] ||
			    (c->verdict == SHARE_PASSED && !all))
				continue;
			fputs(before, out);
			suite_text_check(c, out);
			before = "; ";
		}
	}
}

static const char *mark_of(enum share_verdict v, bool unicode)
{
	switch (v) {
	case SHARE_PASSED:
		return unicode ? "\xe2\x9c\x93" : "ok  ";
	case SHARE_FAILED:
		return unicode ? "\xe2\x9c\x97" : "FAIL";
	default:
		return unicode ? "?" : "?   ";
	}
}

void suite_text_sum(int passed, int failed, int too_few, FILE *out)
{
	fprintf(out, "%d / %d passed", passed, passed + failed + too_few);
	if (failed)
		fprintf(out, ", %d failed", failed);
	if (too_few)
		fprintf(out, ", %d with too few photos to tell", too_few);
	fputc('\n', out);
}

void suite_text_print(const struct suite_result *r, bool unicode, bool all,
		      FILE *out)
{
	int width = 0;

	fprintf(out, "%s\n", TEXT_PRINTABLE(r->model));
	for (int i = 0; i < r->outcome_count; i++) {
		int n = (int)strlen(TEXT_PRINTABLE(r->outcomes[i].name));

		width = n > width && n <= 40 ? n : width;
	}
	for (int i = 0; i < r->outcome_count; i++) {
		const struct suite_outcome *o = &r->outcomes[i];
		bool more = all || o->verdict != SHARE_PASSED;

		fprintf(out, "%s %-*s", mark_of(o->verdict, unicode),
			more ? width : 0, TEXT_PRINTABLE(o->name));
		if (more)
			fputs("  ", out);
		suite_text_reasons(o, all, out);
		fputc('\n', out);
		for (int k = 0; all && k < o->worst_count; k++)
			fprintf(out, "    see %s\n",
				TEXT_PRINTABLE(o->worst[k]));
	}
	suite_text_sum(r->passed, r->failed, r->too_few, out);
}
