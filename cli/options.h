/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_OPTIONS_H
#define DBC_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Verbs that an option is for. */
enum {
	VERB_CONVERT = 1,
	VERB_RUN = 2,
	VERB_VERIFY = 4,
	VERB_INSPECT = 8,
	VERB_EVAL = 16,
	VERB_BENCH = 32,
	VERB_SWEEP = 64,
	VERB_TEST = 128,
	VERB_KEYGEN = 256,
	VERB_SIGN = 512,
	VERB_CHECK = 1024,
	VERB_ALL = 2047,
	/* those that compute */
	VERB_JOBS = VERB_ALL & ~(VERB_KEYGEN | VERB_SIGN | VERB_CHECK),
	/* those that may read a model of ONNX */
	VERB_MODELS = VERB_JOBS & ~(VERB_BENCH | VERB_SWEEP),
	VERB_CONFIG = VERB_JOBS & ~VERB_SWEEP, /* that dbconvert.yaml is for */
};

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_INT,      /* min to max */
	OPTION_SEED,     /* uint64_t */
	OPTION_WIDTH,    /* an int out of `choices` */
	OPTION_CHOICE,   /* the index in `choices` */
	OPTION_SET,      /* an int, one bit for each of `choices` */
	OPTION_FRACTION, /* a float from 0 to 1 */
	OPTION_BYTES,
	OPTION_DURATION,
	OPTION_MEAN,
	OPTION_SCALE,
	OPTION_SHAPE, /* may be given again, as OPTION_REPORT */
	OPTION_REPORT,
	OPTION_KINDS,
};

/* One row for each option: parser, help and dbconvert.yaml all read it. */
struct option_row {
	const char *name;     /* without the two dashes */
	char letter;          /* 0: none */
	const char *argument; /* as help shows it; NULL for a flag */
	enum option_kind kind;
	size_t offset; /* into struct command */
	unsigned verbs;
	const char *choices; /* "rgb|bgr|gray" */
	int min, max;
	const char *help;
	/* verbs where the option may stand without its value, and the flag that
	 * it sets then; its value is a YAML file */
	unsigned alone_verbs;
	size_t alone;
};

/* NULL past the end. */
const struct option_row *option_at(int i);
/* Number of a row of the table, as for option_at(). */
int option_index(const struct option_row *row);
/* NULL where there is none. */
const struct option_row *option_find(const char *name);
const struct option_row *option_find_letter(char letter);
/* The most similar option name, by edit distance; NULL where none is near. */
const char *option_nearest(const char *name);
/* Whether it may be a key of dbconvert.yaml. */
bool option_is_key(const struct option_row *row);

/* One line for each option of the verb. */
void options_help(FILE *out, unsigned verb);

#endif
