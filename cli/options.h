/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_OPTIONS_H
#define DBC_CLI_OPTIONS_H

#include <stdio.h>

#include "base/arena.h"
#include "ir/config.h"
#include "base/diag.h"

#define COMMAND_MAX_OPTIONS 64

/* The command line: what goes to the converter, and what stays here. */
struct command {
	struct config config;
	const char *config_file; /* --config; NULL: ./dbconvert.yaml if any */
	const char *output;      /* --output; NULL: not given */
	const char *draw;        /* run --draw */
	bool json, help, version;

	const char *const *args; /* what is no option, in order */
	int arg_count;
	/* rows of the option table that the command line gave */
	bool given[COMMAND_MAX_OPTIONS];
	struct arena arena; /* strings that argv does not hold */
};

/* Verbs that an option is for. */
enum {
	VERB_CONVERT = 1,
	VERB_RUN = 2,
	VERB_VERIFY = 4,
	VERB_INSPECT = 8,
	VERB_EVAL = 16,
	VERB_ALL = 31,
};

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_INT,      /* min to max */
	OPTION_SEED,     /* uint64_t */
	OPTION_WIDTH,    /* an int out of `choices` */
	OPTION_CHOICE,   /* the index in `choices` */
	OPTION_SET,      /* an int, a bit for each of `choices` */
	OPTION_FRACTION, /* a float from 0 to 1 */
	OPTION_BYTES,
	OPTION_DURATION,
	OPTION_MEAN,
	OPTION_SCALE,
	OPTION_SHAPE, /* may be given again, as OPTION_REPORT */
	OPTION_REPORT,
};

/* One row an option: parser, help and dbconvert.yaml all read it. */
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
};

/* NULL past the end. */
const struct option_row *option_at(int i);
const struct option_row *option_find(const char *name);
/* The known option that looks most like it, NULL where none does. */
const char *option_nearest(const char *name);
/* May it stand in dbconvert.yaml? */
bool option_is_key(const struct option_row *row);
/*
 * Stores a value. `subject` opens messages ("option '--bits'"). For a flag
 * value is "true" or "false".
 */
int option_set(struct command *cmd, const struct option_row *row,
	       const char *subject, const char *value, struct diag *d);

/* Fills the command from the arguments after the verb. -1: a usage error. */
int options_parse(struct command *cmd, int argc, char **argv, unsigned verb,
		  struct diag *d);
void options_help(FILE *out, unsigned verb);

void command_init(struct command *cmd);
void command_free(struct command *cmd);

#endif
