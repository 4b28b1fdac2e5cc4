/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define CMD(member) offsetof(struct command, member)
#define CFG(member) offsetof(struct command, config.member)

static const struct option_row table[] = {
	{ "target", 't', "NAME|FILE.yaml", OPTION_TEXT, CFG(target),
	  VERB_CONVERT, NULL, 0, 0, "the board to convert for (a53)" },
	{ "bits", 'b', "2|3|4|8", OPTION_WIDTH, CFG(bits), VERB_CONVERT,
	  "2|3|4|8", 0, 0, "width of the weights to aim for (8)" },
	{ "act-bits", 0, "4|8", OPTION_WIDTH, CFG(act_bits), VERB_CONVERT,
	  "4|8", 0, 0, "width of the activations (8)" },
	{ "uniform", 0, NULL, OPTION_FLAG, CFG(uniform), VERB_CONVERT, NULL, 0,
	  0, "the same width for every layer, raise none" },
	{ "effort", 0, "fast|normal|best", OPTION_CHOICE, CFG(effort),
	  VERB_CONVERT, "fast|normal|best", 0, 0,
	  "how long to look for a better model (normal)" },
	{ "method", 0, "NAME,...", OPTION_SET, CFG(methods), VERB_CONVERT,
	  METHOD_NAMES, 0, 0, "only these, or all but no-NAME,..." },
	{ "calib", 'c', "DIR|LIST", OPTION_TEXT, CFG(calib),
	  VERB_CONVERT | VERB_VERIFY, NULL, 0, 0,
	  "photos or .npy/.pb tensors to calibrate and measure with" },
	{ "images", 0, "DIR|LIST", OPTION_TEXT, CFG(images),
	  VERB_CONVERT | VERB_EVAL, NULL, 0, 0,
	  "labelled photos to measure accuracy on" },
	{ "labels", 0, "FILE|DIR", OPTION_TEXT, CFG(labels),
	  VERB_CONVERT | VERB_EVAL, NULL, 0, 0,
	  "what is on the photos (COCO, YOLO, Pascal VOC, CSV, folders)" },
	{ "min-accuracy", 0, "0-1", OPTION_FRACTION, CFG(min_accuracy),
	  VERB_CONVERT | VERB_EVAL, NULL, 0, 0,
	  "refuse a model with less on the labelled photos" },
	{ "min-fidelity", 0, "0-1", OPTION_FRACTION, CFG(min_fidelity),
	  VERB_CONVERT, NULL, 0, 0,
	  "refuse a model that agrees less with the float one" },
	{ "output", 'o', "DIR", OPTION_TEXT, CMD(output),
	  VERB_CONVERT | VERB_RUN, NULL, 0, 0,
	  "folder for what is written, made where missing" },
	{ "report", 0, "FILE.json", OPTION_REPORT, CFG(reports), VERB_CONVERT,
	  NULL, 0, 0, "write the report there" },
	{ "json", 0, NULL, OPTION_FLAG, CMD(json), VERB_ALL, NULL, 0, 0,
	  "print results as JSON on standard output" },
	{ "max-latency", 0, "250ms", OPTION_DURATION, CFG(max_latency_us),
	  VERB_CONVERT, NULL, 0, 0, "refuse a model slower than this" },
	{ "max-size", 0, "2MB", OPTION_BYTES, CFG(max_size_bytes), VERB_CONVERT,
	  NULL, 0, 0, "refuse a packed file larger than this" },
	{ "max-ram", 0, "512KB", OPTION_BYTES, CFG(max_ram_bytes), VERB_CONVERT,
	  NULL, 0, 0, "refuse a work buffer larger than this" },
	{ "allow-resize", 0, NULL, OPTION_FLAG, CFG(allow_resize), VERB_CONVERT,
	  NULL, 0, 0, "take a smaller input where --max-latency asks for it" },
	{ "shape", 0, "[NAME=]1x3x320x320", OPTION_SHAPE, CFG(shapes), VERB_ALL,
	  NULL, 0, 0, "shape of an input; may be given again" },
	{ "mean", 0, "R,G,B", OPTION_MEAN, CFG(mean), VERB_ALL, NULL, 0, 0,
	  "subtracted from pixels, in the model's channel order (0)" },
	{ "scale", 0, "X|R,G,B", OPTION_SCALE, CFG(scale), VERB_ALL, NULL, 0, 0,
	  "multiplies (pixel - mean) (1/255)" },
	{ "color", 0, "rgb|bgr|gray", OPTION_CHOICE, CFG(color), VERB_ALL,
	  "rgb|bgr|gray", 0, 0, "channel order of the model (rgb)" },
	{ "resize", 0, "RULE", OPTION_CHOICE, CFG(resize), VERB_ALL,
	  "stretch|letterbox|letterbox-topleft", 0, 0,
	  "stretch, letterbox or letterbox-topleft (stretch)" },
	{ "pad-value", 0, "0-255", OPTION_INT, CFG(pad_value), VERB_ALL, NULL,
	  0, 255, "gray of the letterbox border (0)" },
	{ "head", 0, "FILE.yaml", OPTION_TEXT, CFG(head), VERB_ALL, NULL, 0, 0,
	  "how outputs become detections (recognised)" },
	{ "classes", 0, "A,B,...|FILE", OPTION_TEXT, CFG(classes), VERB_ALL,
	  NULL, 0, 0, "names of the classes" },
	{ "threshold", 0, "X", OPTION_FRACTION, CFG(score_threshold), VERB_ALL,
	  NULL, 0, 0, "least score of a detection (the model's, or 0.5)" },
	{ "nms-iou", 0, "X", OPTION_FRACTION, CFG(nms_iou), VERB_ALL, NULL, 0,
	  0, "overlap over which the weaker box goes (0.5; faces 0.4)" },
	{ "draw", 0, "OUT.png", OPTION_TEXT, CMD(draw), VERB_RUN, NULL, 0, 0,
	  "write the photo with its detections" },
	{ "jobs", 'j', "N", OPTION_INT, CFG(jobs), VERB_ALL, NULL, 1, 256,
	  "threads (the machine's cores); changes no result" },
	{ "seed", 0, "N", OPTION_SEED, CFG(seed), VERB_CONVERT, NULL, 0, 0,
	  "seed of every random choice (1)" },
	{ "dump-after", 0, "PASS", OPTION_TEXT, CFG(dump_after), VERB_CONVERT,
	  NULL, 0, 0, "print the graph after a pass, on standard output" },
	{ "config", 0, "FILE.yaml", OPTION_TEXT, CMD(config_file), VERB_ALL,
	  NULL, 0, 0,
	  "options from a file (./dbconvert.yaml where it exists)" },
	{ "quiet", 'q', NULL, OPTION_FLAG, CFG(quiet), VERB_ALL, NULL, 0, 0,
	  "print errors only" },
	{ "verbose", 'v', NULL, OPTION_FLAG, CFG(verbose), VERB_ALL, NULL, 0, 0,
	  "print more" },
	{ "help", 'h', NULL, OPTION_FLAG, CMD(help), VERB_ALL, NULL, 0, 0,
	  "print this" },
	{ "version", 0, NULL, OPTION_FLAG, CMD(version), VERB_ALL, NULL, 0, 0,
	  "print the version" },
};

#define TABLE_ROWS ((int)(sizeof(table) / sizeof(table[0])))
_Static_assert(sizeof(table) / sizeof(table[0]) <= COMMAND_MAX_OPTIONS,
	       "command.given is too short");

const struct option_row *option_at(int i)
{
	return i < TABLE_ROWS ? &table[i] : NULL;
}

const struct option_row *option_find(const char *name)
{
	for (int i = 0; i < TABLE_ROWS; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

const char *option_nearest(const char *name)
{
	const char *near = NULL;
	int best = 4;

	for (int i = 0; i < TABLE_ROWS; i++) {
		int distance = text_distance(name, table[i].name);

		if (distance < best && distance < (int)strlen(name)) {
			best = distance;
			near = table[i].name;
		}
	}
	return near;
}

bool option_is_key(const struct option_row *row)
{
	return row->offset != CMD(config_file) && row->offset != CMD(help) &&
	       row->offset != CMD(version);
}

void command_init(struct command *cmd)
{
	*cmd = (struct command){ 0 };
	config_init(&cmd->config);
	arena_init(&cmd->arena, 0);
}

void command_free(struct command *cmd)
{
	arena_free(&cmd->arena);
}

/* What a kind takes, for messages. */
static const char *expected(const struct option_row *row)
{
	switch (row->kind) {
	case OPTION_FLAG:
		return "true or false";
	case OPTION_SEED:
		return "a whole number";
	case OPTION_FRACTION:
		return "a number from 0 to 1";
	case OPTION_BYTES:
		return "a size such as 512KB, 2MB or 64KiB";
	case OPTION_DURATION:
		return "a time such as 250ms or 1.5s";
	case OPTION_MEAN:
	case OPTION_SCALE:
		return "one number or three, such as 123.7,116.3,103.5";
	case OPTION_SHAPE:
		return "dims such as 1x3x320x320, or NAME=1x3x320x320";
	case OPTION_REPORT:
		return "a file name that ends in .json";
	default:
		return NULL;
	}
}

static int bad_value(const struct option_row *row, const char *subject,
		     const char *value, struct diag *d)
{
	const char *what = expected(row);

	diag_error(d, "%s: '%s' is not a value for it", subject, value);
	if (row->kind == OPTION_SET)
		diag_hint(d,
			  "expected names with commas between, of %s, or each "
			  "with no- before it",
			  row->choices);
	else if (what)
		diag_hint(d, "expected %s", what);
	else if (row->choices)
		diag_hint(d, "expected one of %s", row->choices);
	else
		diag_hint(d, "expected a whole number from %d to %d", row->min,
			  row->max);
	return -1;
}

static int set_flag(void *at, const char *value)
{
	bool yes = strcmp(value, "true") == 0;

	if (!yes && strcmp(value, "false") != 0)
		return -1;
	*(bool *)at = yes;
	return 0;
}

static int set_int(void *at, const char *value, int min, int max)
{
	int64_t n;

	if (text_to_i64(value, &n) || n < min || n > max)
		return -1;
	*(int *)at = (int)n;
	return 0;
}

static int set_seed(void *at, const char *value)
{
	int64_t n;

	if (text_to_i64(value, &n) || n < 0)
		return -1;
	*(uint64_t *)at = (uint64_t)n;
	return 0;
}

/* Which of "a|b|c" it is, or -1. */
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

/* "a,b": only these; "no-a,no-b": all but these. */
static int set_bits(void *at, const char *choices, const char *value)
{
	int bits = 0, without = 0;
	char name[32];

	while (*value) {
		size_t n = strcspn(value, ",");
		bool no = strncmp(value, "no-", 3) == 0;
		int i;

		if (n >= sizeof(name))
			return -1;
		memcpy(name, value, n);
		name[n] = 0;
		i = choice_index(choices, name + (no ? 3 : 0));
		if (i < 0)
			return -1;
		*(no ? &without : &bits) |= 1 << i;
		value += n + (value[n] == ',');
	}
	if (!bits && !without)
		return -1;
	*(int *)at = bits ? bits & ~without : *(int *)at & ~without;
	return 0;
}

static int set_fraction(void *at, const char *value)
{
	double x;

	if (text_to_double(value, &x) || x < 0 || x > 1)
		return -1;
	*(float *)at = (float)x;
	return 0;
}

/* One number stands for every channel. */
static int set_channels(float out[4], bool *given, const char *value)
{
	double x[3];
	int n = text_to_doubles(value, x, 3);

	if (n != 1 && n != 3)
		return -1;
	for (int i = 0; i < 4; i++)
		out[i] = (float)x[n == 3 && i < 3 ? i : 0];
	*given = true;
	return 0;
}

static int set_shape(struct command *cmd, const char *value, struct diag *d)
{
	struct config *c = &cmd->config;
	const char *equals = strrchr(value, '=');
	struct config_shape *s = &c->shapes[c->shape_count];

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

static int set_report(struct command *cmd, const char *value, struct diag *d)
{
	struct config *c = &cmd->config;
	size_t n = strlen(value);

	if (n < 6 || strcmp(value + n - 5, ".json") != 0)
		return 1;
	if (c->report_count == CONFIG_MAX_REPORTS)
		return diag_error(d, "more than %d reports",
				  CONFIG_MAX_REPORTS);
	c->reports[c->report_count++] = value;
	return 0;
}

/* 0, 1 where the value does not fit, -1 with the diagnostic made already. */
static int store(struct command *cmd, const struct option_row *row,
		 const char *value, struct diag *d)
{
	struct config *c = &cmd->config;
	void *at = (char *)cmd + row->offset;
	int choice;

	switch (row->kind) {
	case OPTION_FLAG:
		return set_flag(at, value) ? 1 : 0;
	case OPTION_TEXT:
		*(const char **)at = value;
		return *value ? 0 : 1;
	case OPTION_INT:
		return set_int(at, value, row->min, row->max) ? 1 : 0;
	case OPTION_SEED:
		return set_seed(at, value) ? 1 : 0;
	case OPTION_WIDTH:
		if (choice_index(row->choices, value) < 0)
			return 1;
		return set_int(at, value, 0, 64) ? 1 : 0;
	case OPTION_CHOICE:
		choice = choice_index(row->choices, value);
		if (choice < 0)
			return 1;
		memcpy(at, &choice, sizeof(choice));
		if (row->offset == CFG(color))
			c->color_given = true;
		return 0;
	case OPTION_SET:
		return set_bits(at, row->choices, value) ? 1 : 0;
	case OPTION_FRACTION:
		return set_fraction(at, value) ? 1 : 0;
	case OPTION_BYTES:
		return text_to_bytes(value, at) || *(int64_t *)at == 0;
	case OPTION_DURATION:
		return text_to_duration_us(value, at) || *(int64_t *)at == 0;
	case OPTION_MEAN:
		return set_channels(c->mean, &c->mean_given, value) ? 1 : 0;
	case OPTION_SCALE:
		return set_channels(c->scale, &c->scale_given, value) ? 1 : 0;
	case OPTION_SHAPE:
		return set_shape(cmd, value, d);
	case OPTION_REPORT:
		return set_report(cmd, value, d);
	}
	return 1;
}

_Static_assert(sizeof(enum color_order) == sizeof(int) &&
		       sizeof(enum resize_rule) == sizeof(int),
	       "OPTION_CHOICE writes an int");

int option_set(struct command *cmd, const struct option_row *row,
	       const char *subject, const char *value, struct diag *d)
{
	int rc = store(cmd, row, value, d);

	return rc > 0 ? bad_value(row, subject, value, d) : rc;
}

/* Where parsing stands. */
struct cursor {
	struct command *cmd;
	char **argv;
	int argc, next;
	unsigned verb;
	struct diag *diag;
};

static int unknown_option(const char *text, const char *name, struct diag *d)
{
	const char *near = option_nearest(name);

	diag_error(d, "unknown option '%s'", text);
	if (near)
		diag_hint(d, "did you mean '--%s'?", near);
	else
		diag_hint(d, "'dbconvert --help' lists the options");
	return -1;
}

/* `value` NULL: it is the next argument, if the option takes one. */
static int take(struct cursor *c, const struct option_row *row,
		const char *value)
{
	char subject[64];

	snprintf(subject, sizeof(subject), "option '--%s'", row->name);
	if (!(row->verbs & c->verb))
		return diag_error(c->diag, "%s does not belong to this command",
				  subject);
	if (!row->argument) {
		if (value)
			return diag_error(c->diag, "%s takes no value",
					  subject);
		value = "true";
	} else if (!value) {
		if (c->next == c->argc)
			return diag_error(c->diag, "%s needs a value: %s",
					  subject, row->argument);
		value = c->argv[c->next++];
	}
	c->cmd->given[row - table] = true;
	return option_set(c->cmd, row, subject, value, c->diag);
}

static int take_long(struct cursor *c, const char *text)
{
	const struct option_row *row;
	char name[64];
	size_t n = strcspn(text + 2, "=");

	if (n >= sizeof(name))
		return unknown_option(text, text + 2, c->diag);
	memcpy(name, text + 2, n);
	name[n] = '\0';
	row = option_find(name);
	if (!row)
		return unknown_option(text, name, c->diag);
	return take(c, row, text[2 + n] == '=' ? text + 3 + n : NULL);
}

static const struct option_row *find_letter(char letter)
{
	for (int i = 0; i < TABLE_ROWS; i++)
		if (table[i].letter == letter)
			return &table[i];
	return NULL;
}

/* "-qo DIR", "-oDIR". */
static int take_letters(struct cursor *c, const char *text)
{
	for (const char *at = text + 1; *at; at++) {
		const struct option_row *row = find_letter(*at);

		if (!row)
			return unknown_option(text, text + 1, c->diag);
		if (row->argument)
			return take(c, row, at[1] ? at + 1 : NULL);
		if (take(c, row, NULL))
			return -1;
	}
	return 0;
}

int options_parse(struct command *cmd, int argc, char **argv, unsigned verb,
		  struct diag *d)
{
	struct cursor c = { cmd, argv, argc, 0, verb, d };
	const char **args;
	bool only_args = false;
	int rc = 0;

	args = arena_array(&cmd->arena, (size_t)argc + 1, sizeof(*args));
	if (!args)
		return diag_error(d, "out of memory");
	cmd->args = args;
	while (rc == 0 && c.next < argc) {
		const char *text = argv[c.next++];

		if (only_args || text[0] != '-' || !text[1])
			args[cmd->arg_count++] = text;
		else if (strcmp(text, "--") == 0)
			only_args = true;
		else if (text[1] == '-')
			rc = take_long(&c, text);
		else
			rc = take_letters(&c, text);
	}
	return rc;
}

void options_help(FILE *out, unsigned verb)
{
	for (int i = 0; i < TABLE_ROWS; i++) {
		const struct option_row *row = &table[i];
		char left[64];

		if (!(row->verbs & verb))
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", row->name,
			 row->argument ? " " : "",
			 row->argument ? row->argument : "");
		fprintf(out, "  %c%c%c %-26s %s\n", row->letter ? '-' : ' ',
			row->letter ? row->letter : ' ',
			row->letter ? ',' : ' ', left, row->help);
	}
}
