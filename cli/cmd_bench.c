/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file_write.h"
#include "base/parallel.h"
#include "base/text.h"
#include "cli/bench_kernels.h"
#include "cli/commands.h"
#include "converter/json_text.h"
#include "converter/measure/op_times.h"
#include "converter/pack/packed_file.h"
#include "runtime/dbrt_pool.h"

#define DEFAULT_RUNS 20
#define SHOWN_OPS 10

/* A kernel, and the operators that it computes. */
struct kernel_time {
	const char *name;
	int count;
	double us;
	uint64_t steps;
};

struct bench {
	const struct command *cmd;
	struct packed_file file;
	struct dbrt_pool pool;
	void *arena; /* for all workers */
	uint32_t workers;
	struct op_times times;
	double sum_us; /* of the operators */
};

/* ---- Measuring ---- */

static int bind_workers(struct bench *b, struct diag *d)
{
	struct dbrt_model *m = &b->file.model;
	size_t bytes;

	b->workers = dbrt_pool_start(
		&b->pool,
		(uint32_t)parallel_threads(b->cmd->config.jobs, DBRT_POOL_MAX));
	bytes = (dbrt_arena_bytes(m, b->workers) + 63) / 64 * 64;
	b->arena = aligned_alloc(64, bytes ? bytes : 64);
	if (!b->arena)
		return diag_error(d, "out of memory");
	return packed_file_status(&b->file,
				  dbrt_bind_parallel(m, b->arena, bytes,
						     b->workers, dbrt_pool_for,
						     &b->pool),
				  "cannot run", d);
}

static int measure(struct bench *b, struct diag *d)
{
	struct dbrt_model *m = &b->file.model;
	int runs = b->cmd->runs ? b->cmd->runs : DEFAULT_RUNS;
	uint32_t crc;

	/* inputs of the golden run: times do not depend on them */
	if (bind_workers(b, d) ||
	    packed_file_status(&b->file, dbrt_golden_crc32(m, 1, &crc),
			       "cannot run", d) ||
	    packed_file_status(&b->file, op_times_prepare(m, &b->times),
			       "cannot run", d) ||
	    packed_file_status(&b->file, op_times_measure(m, runs, &b->times),
			       "cannot run", d))
		return -1;
	for (uint32_t i = 0; i < b->times.count; i++)
		b->sum_us += b->times.ops[i].us;
	return 0;
}

/* ---- Text ---- */

static int longest_first(const void *a, const void *b)
{
	const struct op_time *x = *(const struct op_time *const *)a;
	const struct op_time *y = *(const struct op_time *const *)b;

	return (x->us < y->us) - (x->us > y->us);
}

static int kernel_longest_first(const void *a, const void *b)
{
	const struct kernel_time *x = a, *y = b;

	return (x->us < y->us) - (x->us > y->us);
}

static double share_of(const struct bench *b, double us)
{
	return b->sum_us > 0 ? 100 * us / b->sum_us : 0;
}

/* Billions of steps a second. */
static double rate(uint64_t steps, double us)
{
	return us > 0 ? (double)steps / us / 1e3 : 0;
}

/* list has room for every operator. Returns the number of kernels. */
static int list_kernels(const struct op_times *t, struct kernel_time *list)
{
	int count = 0;

	for (uint32_t i = 0; i < t->count; i++) {
		const struct op_time *o = &t->ops[i];
		int k = 0;

		while (k < count && strcmp(list[k].name, o->kernel))
			k++;
		if (k == count)
			list[count++] =
				(struct kernel_time){ .name = o->kernel };
		list[k].count++;
		list[k].us += o->us;
		list[k].steps += o->work.steps;
	}
	qsort(list, (size_t)count, sizeof(*list), kernel_longest_first);
	return count;
}

static void print_kernels(const struct bench *b, struct kernel_time *list)
{
	int count = list_kernels(&b->times, list);

	printf("\n%-24s %4s %10s %6s %9s\n", "kernel", "ops", "ms", "share",
	       "Gsteps/s");
	for (int i = 0; i < count; i++)
		printf("%-24s %4d %10.3f %5.1f%% %9.2f\n", list[i].name,
		       list[i].count, list[i].us / 1e3, share_of(b, list[i].us),
		       rate(list[i].steps, list[i].us));
}

static void print_ops(const struct bench *b, const struct op_time **list)
{
	uint32_t count = b->times.count;

	for (uint32_t i = 0; i < count; i++)
		list[i] = &b->times.ops[i];
	if (!b->cmd->config.verbose) {
		qsort(list, count, sizeof(*list), longest_first);
		count = count < SHOWN_OPS ? count : SHOWN_OPS;
	}
	printf("\n%-24s %10s %6s %9s %4s %-16s name\n", "kernel", "ms", "share",
	       "Gsteps/s", "op", "output");
	for (uint32_t i = 0; i < count; i++)
		printf("%-24s %10.3f %5.1f%% %9.2f %4d %-16s %s\n",
		       list[i]->kernel, list[i]->us / 1e3,
		       share_of(b, list[i]->us),
		       rate(list[i]->work.steps, list[i]->us),
		       (int)(list[i] - b->times.ops), list[i]->shape,
		       TEXT_PRINTABLE(list[i]->name));
	if (count < b->times.count)
		printf("(%u more operators; --verbose lists all, in order)\n",
		       b->times.count - count);
}

static int print_text(const struct bench *b, struct diag *d)
{
	const struct op_times *t = &b->times;
	struct kernel_time *kernels = calloc(t->count + 1u, sizeof(*kernels));
	const struct op_time **ops = calloc(t->count + 1u, sizeof(*ops));
	bool failed = !kernels || !ops;

	if (!failed) {
		printf("%s: %.3f ms a frame, measured here on %u thread%s "
		       "(best of %d runs; median %.3f)\n",
		       b->file.name, t->best_us / 1e3, b->workers,
		       b->workers > 1 ? "s" : "", t->runs, t->median_us / 1e3);
		print_kernels(b, kernels);
		print_ops(b, ops);
	}
	free(kernels);
	free(ops);
	return failed ? diag_error(d, "out of memory") : 0;
}

/* ---- JSON ---- */

static json_t *op_json(const struct op_time *o)
{
	return json_pack("{s:o,s:s,s:s,s:s,s:f,s:I,s:I}", "name",
			 json_text(o->name), "op", o->op, "kernel", o->kernel,
			 "output", o->shape, "us", o->us, "steps",
			 (json_int_t)o->work.steps, "bytes",
			 (json_int_t)o->work.bytes);
}

static json_t *bench_json(const struct bench *b)
{
	json_t *ops = json_array();

	for (uint32_t i = 0; ops && i < b->times.count; i++)
		json_array_append_new(ops, op_json(&b->times.ops[i]));
	return json_pack("{s:o,s:s,s:i,s:i,s:f,s:f,s:o}", "model",
			 json_text(b->file.name), "source", "measured",
			 "threads", (int)b->workers, "runs", b->times.runs,
			 "best_us", b->times.best_us, "median_us",
			 b->times.median_us, "operators", ops);
}

/* The trace format of chrome://tracing and Perfetto: complete events, one a
 * line of time, in microseconds. */
static json_t *trace_json(const struct bench *b)
{
	json_t *events = json_array();
	double at = 0;

	for (uint32_t i = 0; events && i < b->times.count; i++) {
		const struct op_time *o = &b->times.ops[i];

		json_array_append_new(
			events,
			json_pack("{s:o,s:s,s:s,s:f,s:f,s:i,s:i,s:{s:I,s:I}}",
				  "name", json_text(o->name), "cat", o->kernel,
				  "ph", "X", "ts", at, "dur", o->us, "pid", 0,
				  "tid", 0, "args", "steps",
				  (json_int_t)o->work.steps, "bytes",
				  (json_int_t)o->work.bytes));
		at += o->us;
	}
	return json_pack("{s:o,s:s}", "traceEvents", events, "displayTimeUnit",
			 "ms");
}

static int write_trace(const struct bench *b, const char *path, struct diag *d)
{
	char *text = json_lines(trace_json(b), d);
	int err = text ? file_write_atomic(path, text, strlen(text), d) : -1;

	free(text);
	return err;
}

static int print_json(const struct bench *b, struct diag *d)
{
	char *text = json_lines(bench_json(b), d);

	if (!text)
		return -1;
	fputs(text, stdout);
	free(text);
	return 0;
}

/* ---- The command ---- */

static int check_arguments(const struct command *cmd, struct diag *d)
{
	if (cmd->arg_count != 1)
		return diag_error(d, "bench takes one packed model (.dbp)");
	if (packed_file_name(cmd->args[0]))
		return 0;
	diag_error(d, "'%s' is not a packed model (.dbp)", cmd->args[0]);
	diag_hint(d, "convert the model first: dbconvert MODEL.onnx");
	return -1;
}

int cmd_bench(const struct command *cmd, struct diag *d)
{
	struct bench b = { .cmd = cmd };
	int err;

	if (cmd->kernels)
		return bench_kernels(cmd, d);
	if (check_arguments(cmd, d))
		return EXIT_USAGE;
	err = packed_file_read(&b.file, cmd->args[0], d) || measure(&b, d) ||
	      (cmd->trace && write_trace(&b, cmd->trace, d)) ||
	      (cmd->json ? print_json(&b, d) : print_text(&b, d));
	dbrt_pool_stop(&b.pool);
	op_times_free(&b.times);
	packed_file_close(&b.file);
	free(b.arena);
	return err ? EXIT_BAD_INPUT : EXIT_OK;
}
