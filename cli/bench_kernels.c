/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench_kernels.h"

#include <stdlib.h>
#include <string.h>

#include "base/file_read.h"
#include "base/file_write.h"
#include "base/text.h"
#include "cli/commands.h"
#include "converter/measure/kernel_fit.h"
#include "converter/pack/packed_file.h"
#include "converter/target.h"

#define DEFAULT_RUNS 20
#define MOST_SAMPLES 65536
#define COLUMNS 8 /* of a line of time_dbp */
#define MOST_BYTES ((size_t)64 << 20)

struct fitting {
	const struct command *cmd;
	struct arena arena;
	struct cost_target base; /* --target: the board, and other kernels */
	struct fit_sample *list; /* MOST_SAMPLES */
	int count;
	struct kernel_fit fit;
};

static int add_sample(struct fitting *f, const struct op_time *o, int set,
		      struct diag *d)
{
	if (f->count == MOST_SAMPLES)
		return diag_error(d, "more than %d operators", MOST_SAMPLES);
	f->list[f->count++] = fit_sample_of(o, (double)f->base.clock_hz, set);
	return 0;
}

/* ---- Times ---- */

/* One core: a target file has the speed of one. */
static int measure(struct fitting *f, const char *path, int set, struct diag *d)
{
	int runs = f->cmd->runs ? f->cmd->runs : DEFAULT_RUNS, err;
	struct packed_file file = { .name = path };
	struct op_times t = { .count = 0 };
	uint32_t crc;

	err = packed_file_read(&file, path, d) || packed_file_bind(&file, d) ||
	      packed_file_status(&file, dbrt_golden_crc32(&file.model, 1, &crc),
				 "cannot run", d) ||
	      packed_file_status(&file, op_times_prepare(&file.model, &t),
				 "cannot run", d) ||
	      packed_file_status(&file, op_times_measure(&file.model, runs, &t),
				 "cannot run", d);
	for (uint32_t i = 0; !err && i < t.count; i++)
		err = add_sample(f, &t.ops[i], set, d);
	op_times_free(&t);
	packed_file_close(&file);
	return err ? -1 : 0;
}

/* A line of an operator: number, kernel, output, steps, elements, rows, bytes,
 * microseconds. Cuts it at the tabs. -1: it is another line. */
static int read_line(char *line, struct op_time *o)
{
	char *part[COLUMNS];
	int64_t number[5];
	int n = 0;

	for (char *at = line; at && n < COLUMNS; n++) {
		part[n] = at;
		at = strchr(at, '\t');
		if (at)
			*at++ = '\0';
		else if (n < COLUMNS - 1)
			return -1;
	}
	if (n < COLUMNS || strlen(part[1]) >= sizeof(o->kernel) ||
	    text_to_i64(part[0], &number[0]) || text_to_double(part[7], &o->us))
		return -1;
	for (int i = 0; i < 4; i++)
		if (text_to_i64(part[3 + i], &number[1 + i]) ||
		    number[1 + i] < 0)
			return -1;
	strcpy(o->kernel, part[1]);
	o->work.steps = (uint64_t)number[1];
	o->outputs = (uint64_t)number[2];
	o->window_rows = (uint64_t)number[3];
	o->work.bytes = (uint64_t)number[4];
	return o->us > 0 ? 0 : -1;
}

/* The lines of a text, which is cut. */
static int read_lines(struct fitting *f, char *text, int set, struct diag *d)
{
	int before = f->count;
	char *next;

	for (char *line = text; line; line = next) {
		struct op_time o = { .us = 0 };

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!read_line(line, &o) && add_sample(f, &o, set, d))
			return -1;
	}
	if (f->count > before)
		return 0;
	diag_error(d, "there are no times of operators");
	diag_hint(d, "give packed models (.dbp), or what 'time_dbp MODEL.dbp "
		     "1 1' prints");
	return -1;
}

static int read_times(struct fitting *f, const char *path, int set,
		      struct diag *d)
{
	char *former = diag_enter(d, path), *text;
	struct regular_file file;
	int err = regular_file_read(path, MOST_BYTES, &file, d);

	if (!err) {
		text = arena_strndup(&f->arena, (const char *)file.data,
				     file.size);
		regular_file_free(&file);
		err = text ? read_lines(f, text, set, d) :
			     diag_error(d, "out of memory");
	}
	diag_leave(d, former);
	return err;
}

/* ---- The target file ---- */

static bool is_fitted(const struct fitting *f, const char *pattern)
{
	for (int i = 0; i < f->fit.count; i++)
		if (strcmp(f->fit.rows[i].kernel, pattern) == 0)
			return true;
	return false;
}

static void print_target(const struct fitting *f, FILE *out)
{
	const struct cost_target *t = &f->base;
	struct cost_target board = *t;

	board.op_overhead_cycles = 0; /* times have it: it is in the rows */
	fprintf(out, "# Rows with a number of operators were fitted to times "
		     "of operators by\n# dbconvert bench --kernels. Fields: "
		     "schemas/target.md.\n");
	target_print_board(&board, f->cmd->source ? f->cmd->source : "measured",
			   out);
	fprintf(out, "kernels:\n");
	kernel_fit_print(&f->fit, out);
	for (int i = 0; i < t->kernel_count; i++) {
		struct cost_kernel k = t->kernels[i];

		k.setup_cycles += t->op_overhead_cycles;
		if (!is_fitted(f, k.pattern))
			target_print_kernel(&k, out);
	}
}

static int write_target(const struct fitting *f, struct diag *d)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	int err;

	if (!out)
		return diag_error(d, "out of memory");
	print_target(f, out);
	err = fclose(out) ? diag_error(d, "out of memory") :
			    file_write_atomic(f->cmd->output, text, bytes, d);
	free(text);
	return err;
}

/* Each model by the rows from the others, and by those of all. */
static int print_checks(struct fitting *f, struct diag *d)
{
	printf("%-32s %9s %15s %15s\n", "", "", "by all", "by the others");
	printf("%-32s %9s %7s %7s %7s %7s\n", "model", "operators", "median",
	       "whole", "median", "whole");
	for (int i = 0; i < f->cmd->arg_count; i++) {
		struct fit_quality all, others;
		struct kernel_fit without;

		if (kernel_fit_find(f->list, f->count, i, &f->arena,
				    &without) ||
		    kernel_fit_check(&f->fit, f->list, f->count, i, &all) ||
		    kernel_fit_check(&without, f->list, f->count, i, &others))
			return diag_error(d, "out of memory");
		printf("%-32s %9d %6.1f%% %+6.1f%%", f->cmd->args[i],
		       all.operators, 100 * all.median_error,
		       100 * all.whole_error);
		if (others.operators)
			printf(" %6.1f%% %+6.1f%%\n", 100 * others.median_error,
			       100 * others.whole_error);
		else
			printf(" %7s %7s\n", "-", "-");
	}
	return 0;
}

/* ---- The command ---- */

static int fit_all(struct fitting *f, struct diag *d)
{
	const struct command *cmd = f->cmd;

	f->list = arena_array(&f->arena, MOST_SAMPLES, sizeof(*f->list));
	if (!f->list)
		return diag_error(d, "out of memory");
	if (target_load(cmd->config.target, &f->arena, &f->base, d))
		return -1;
	f->base.name = command_stem(cmd->output, &f->arena);
	if (!f->base.name)
		return diag_error(d, "out of memory");
	for (int i = 0; i < cmd->arg_count; i++)
		if (packed_file_name(cmd->args[i]) ?
			    measure(f, cmd->args[i], i, d) :
			    read_times(f, cmd->args[i], i, d))
			return -1;
	if (kernel_fit_find(f->list, f->count, -1, &f->arena, &f->fit))
		return diag_error(d, "out of memory");
	return write_target(f, d) || print_checks(f, d) ? -1 : 0;
}

int bench_kernels(const struct command *cmd, struct diag *d)
{
	struct fitting f = { .cmd = cmd };
	int err;

	if (!cmd->arg_count || !cmd->output) {
		diag_error(d, "bench --kernels takes packed models or their "
			      "times, and -o TARGET.yaml");
		return EXIT_USAGE;
	}
	arena_init(&f.arena, 0);
	err = fit_all(&f, d);
	arena_free(&f.arena);
	return err ? EXIT_BAD_INPUT : EXIT_OK;
}
