/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_COMMAND_H
#define DBC_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "ir/config.h"

#define COMMAND_MAX_OPTIONS 64

/* What inspect --emit writes, in the order of the option's choices. */
enum command_emit { EMIT_NOTHING, EMIT_OPS, EMIT_C };

/* The command line: the converter's config, and what only the command line
 * tool needs. */
struct command {
	struct config config;
	const char *config_file; /* --config; NULL: ./dbconvert.yaml if any */
	const char *output;      /* --output; NULL: not given */
	const char *draw;        /* run --draw */
	const char *trace;       /* bench --trace */
	int runs;                /* bench --runs; 0: not given */
	bool kernels;            /* bench --kernels */
	const char *source;      /* bench --source */
	const char *metadata;    /* --metadata */
	const char *baseline;    /* test --baseline */
	const char *junit;       /* test --junit */
	bool init, ascii;        /* test --init, --ascii */
	/* sign, check */
	const char *key_file, *sign_command, *model_id, *hardware;
	uint64_t model_version; /* 0: not given */
	bool json, help, version;
	bool print_head, head_template; /* inspect --head, --head-template */
	bool ops;                       /* inspect --ops */
	int emit;                       /* inspect --emit: enum command_emit */
	const char *list; /* --target help: the name of the list */

	const char *const *args; /* arguments that are not options, in order */
	int arg_count;
	/* rows of the option table that the command line gave */
	bool given[COMMAND_MAX_OPTIONS];
	struct arena arena; /* strings that argv does not hold */
};

void command_init(struct command *cmd);
void command_free(struct command *cmd);

/* The last part of a path without its extension, in the arena; NULL when
 * memory is exhausted. */
char *command_stem(const char *path, struct arena *a);
/* Makes a folder and its parents where they are missing. */
int command_make_folder(const char *path, struct diag *d);
/* Prints the diagnostics that were not printed yet to standard error; `quiet`
 * leaves out notes, and warnings that are no alerts. */
void command_print_notes(struct diag *d, bool quiet);

#endif
