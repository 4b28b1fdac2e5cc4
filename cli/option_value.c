/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/option_value.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Stores a value of one kind: 0, 1 if it is not a value of the option, or -1
 * with a diagnostic. */
typedef int store_fn(struct command *cmd, const struct option_row *row,
		     const char *value, struct diag *d);

static void *target_of(struct command *cmd, const struct option_row *row)
{
	return (char *)cmd + row->offset;
}

/* ---- One function for each kind ---- */

static int store_flag(struct command *cmd, const struct option_row *row,
		      const char *value, struct diag *d)
{
	bool yes = strcmp(value, "true") == 0;

	(void)d;
	if (!yes && strcmp(value, "false") != 0)
		return 1;
	*(bool *)target_of(cmd, row) = yes;
	return 0;
}

static int store_text(struct command *cmd, const struct option_row *row,
		      const char *value, struct diag *d)
{
	(void)d;
	*(const char **)target_of(cmd, row) = value;
	return *value ? 0 : 1;
}

static int store_int(struct command *cmd, const struct option_row *row,
		     const char *value, struct diag *d)
{
	int64_t n;

	(void)d;
	if (text_to_i64(value, &n) || n < row->min || n > row->max)
		return 1;
	*(int *)target_of(cmd, row) = (int)n;
	if (target_of(cmd, row) == (void *)&cmd->config.pad_value)
		cmd->config.pad_given = true;
	return 0;
}

static int store_seed(struct command *cmd, const struct option_row *row,
		      const char *value, struct diag *d)
{
	int64_t n;

	(void)d;
	if (text_to_i64(value, &n) || n < 0)
		return 1;
	*(uint64_t *)target_of(cmd, row) = (uint64_t)n;
	return 0;
}

/* Index of `value` in "a|b|c", or -1. */
static int choice_index(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (int i = 0; *choices; i++) {
		size_t length = strcspn(choices, "|");

		if (length == n && strncmp(choices, value, n) == 0)
			return i;
		choices += length + (choices[length] == '|');
	}
	return -1;
}

static int store_width(struct command *cmd, const struct option_row *row,
		       const char *value, struct diag *d)
{
	int64_t n;

	(void)d;
	if (choice_index(row->choices, value) < 0)
		return 1;
	if (text_to_i64(value, &n))
		n = ACT_BITS_AUTO;
	*(int *)target_of(cmd, row) = (int)n;
	return 0;
}

_Static_assert(sizeof(enum color_order) == sizeof(int) &&
		       sizeof(enum resize_rule) == sizeof(int) &&
		       sizeof(enum preprocess_choice) == sizeof(int) &&
		       sizeof(enum effort) == sizeof(int),
	       "OPTION_CHOICE writes an int");

static int store_choice(struct command *cmd, const struct option_row *row,
			const char *value, struct diag *d)
{
	int choice = choice_index(row->choices, value);

	(void)d;
	if (choice < 0)
		return 1;
	memcpy(target_of(cmd, row), &choice, sizeof(choice));
	if (target_of(cmd, row) == (void *)&cmd->config.color)
		cmd->config.color_given = true;
	if (target_of(cmd, row) == (void *)&cmd->config.resize)
		cmd->config.resize_given = true;
	return 0;
}

/* "a,b": only these; "no-a,no-b": all but these. */
static int store_set(struct command *cmd, const struct option_row *row,
		     const char *value, struct diag *d)
{
	int *set = target_of(cmd, row), with = 0, without = 0;
	char name[32];

	(void)d;
	while (*value) {
		size_t n = strcspn(value, ",");
		bool no = strncmp(value, "no-", 3) == 0;
		int i;

		if (n >= sizeof(name))
			return 1;
		memcpy(name, value, n);
		name[n] = 0;
		i = choice_index(row->choices, name + (no ? 3 : 0));
		if (i < 0)
			return 1;
		*(no ? &without : &with) |= 1 << i;
		value += n + (value[n] == ',');
	}
	if (!with && !without)
		return 1;
	*set = (with ? with : *set) & ~without;
	return 0;
}

static int store_fraction(struct command *cmd, const struct option_row *row,
			  const char *value, struct diag *d)
{
	double x;

	(void)d;
	if (text_to_double(value, &x) || x < 0 || x > 1)
		return 1;
	*(float *)target_of(cmd, row) = (float)x;
	return 0;
}

#define LEAST_BYTES 100 /* no model and no memory is smaller */

static int store_bytes(struct command *cmd, const struct option_row *row,
		       const char *value, struct diag *d)
{
	int64_t *bytes = target_of(cmd, row);

	if (text_to_bytes(value, bytes) || *bytes == 0)
		return 1;
	if (*bytes >= LEAST_BYTES)
		return 0;
	diag_error(d,
		   "option '--%s': '%s' is %lld bytes, too small to be meant",
		   row->name, value, (long long)*bytes);
	diag_hint(d, "a size has a unit, such as 512KB, 2MB or 64KiB");
	return -1;
}

static int store_duration(struct command *cmd, const struct option_row *row,
			  const char *value, struct diag *d)
{
	int64_t *us = target_of(cmd, row);

	(void)d;
	return text_to_duration_us(value, us) || *us == 0;
}

/* One number is used for every channel. */
static int set_channels(float out[4], bool *given, const char *value)
{
	double x[3];
	int n = text_to_doubles(value, x, 3);

	if (n != 1 && n != 3)
		return 1;
	for (int i = 0; i < 4; i++)
		out[i] = (float)x[n == 3 && i < 3 ? i : 0];
	*given = true;
	return 0;
}

static int store_mean(struct command *cmd, const struct option_row *row,
		      const char *value, struct diag *d)
{
	(void)row;
	(void)d;
	return set_channels(cmd->config.mean, &cmd->config.mean_given, value);
}

static int store_scale(struct command *cmd, const struct option_row *row,
		       const char *value, struct diag *d)
{
	(void)row;
	(void)d;
	return set_channels(cmd->config.scale, &cmd->config.scale_given, value);
}

static int store_shape(struct command *cmd, const struct option_row *row,
		       const char *value, struct diag *d)
{
	struct config *c = &cmd->config;
	const char *equals = strrchr(value, '=');
	struct config_shape *s = &c->shapes[c->shape_count];

	(void)row;
	if (c->shape_count == CONFIG_MAX_SHAPES)
		return diag_error(d, "more than %d shapes", CONFIG_MAX_SHAPES);
	if (shape_from_text(equals ? equals + 1 : value, &s->shape))
		return 1;
	s->input = NULL;
	if (equals) {
		s->input = arena_strndup(&cmd->arena, value,
					 (size_t)(equals - value));
		if (!s->input)
			return diag_error(d, "out of memory");
	}
	c->shape_count++;
	return 0;
}

static int store_report(struct command *cmd, const struct option_row *row,
			const char *value, struct diag *d)
{
	struct config *c = &cmd->config;
	size_t n = strlen(value);

	(void)row;
	if (n < 6 || strcmp(value + n - 5, ".json") != 0)
		return 1;
	if (c->report_count == CONFIG_MAX_REPORTS)
		return diag_error(d, "more than %d reports",
				  CONFIG_MAX_REPORTS);
	c->reports[c->report_count++] = value;
	return 0;
}

/* ---- The table ---- */

/* `expected` NULL: the row's choices, or the range min to max. */
static const struct option_kind_row {
	store_fn *store;
	const char *expected; /* for the hint of a refused value */
} kinds[] = {
	[OPTION_FLAG] = { store_flag, "true or false" },
	[OPTION_TEXT] = { store_text, "a text that is not empty" },
	[OPTION_INT] = { store_int, NULL },
	[OPTION_SEED] = { store_seed, "a whole number" },
	[OPTION_WIDTH] = { store_width, NULL },
	[OPTION_CHOICE] = { store_choice, NULL },
	[OPTION_SET] = { store_set, NULL },
	[OPTION_FRACTION] = { store_fraction, "a number from 0 to 1" },
	[OPTION_BYTES] = { store_bytes, "a size such as 512KB, 2MB or 64KiB" },
	[OPTION_DURATION] = { store_duration, "a time such as 250ms or 1.5s" },
	[OPTION_MEAN] = { store_mean,
			  "one number or three, such as 123.7,116.3,103.5" },
	[OPTION_SCALE] = { store_scale,
			   "one number or three, such as 123.7,116.3,103.5" },
	[OPTION_SHAPE] = { store_shape,
			   "dims such as 1x3x320x320, or NAME=1x3x320x320" },
	[OPTION_REPORT] = { store_report, "a file name that ends in .json" },
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == OPTION_KINDS,
	       "a row for each kind");

static int bad_value(const struct option_row *row, const char *subject,
		     const char *value, struct diag *d)
{
	const char *expected = kinds[row->kind].expected;

	diag_error(d, "%s: '%s' is not a valid value", subject, value);
	if (row->kind == OPTION_SET)
		diag_hint(d,
			  "expected names separated by commas, out of %s; "
			  "no-NAME leaves one out",
			  row->choices);
	else if (expected)
		diag_hint(d, "expected %s", expected);
	else if (row->choices)
		diag_hint(d, "expected one of %s", row->choices);
	else
		diag_hint(d, "expected a whole number from %d to %d", row->min,
			  row->max);
	return -1;
}

int option_set(struct command *cmd, const struct option_row *row,
	       const char *subject, const char *value, struct diag *d)
{
	int rc = kinds[row->kind].store(cmd, row, value, d);

	return rc > 0 ? bad_value(row, subject, value, d) : rc;
}
