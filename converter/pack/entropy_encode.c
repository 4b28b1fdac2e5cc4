/* SPDX-License-Identifier: Apache-2.0 */
/* Divides a packed file into runs of one kind each, and encodes them. */
#define DBP_CODED_ENCODER
#include "converter/pack/entropy_encode.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "runtime/dbrt.h"
#include "schemas/dbp_expected.h"

#define MOST_BACK 6144 /* rows of constants repeat, sometimes far apart */
#define BLOCK 512      /* bytes that may become a separate run */
#define RUN_BYTES 6    /* about the cost of a new run */

/* A run and its offset. */
struct placed_run {
	uint32_t at;
	struct dbp_run run;
};

struct cutter {
	const uint8_t *dbp;
	uint8_t *bytes; /* the same as differences: schemas/dbp_expected.h */
	const struct dbp_section *sections[DBP_SECTION_SIGNATURE + 1];
	struct placed_run *runs;
	size_t count, capacity;
	uint32_t size;
	int failed;
};

static void add_run(struct cutter *k, uint32_t at, struct dbp_run run)
{
	if (k->count == k->capacity) {
		size_t room = 2 * k->capacity + 64;
		struct placed_run *larger =
			realloc(k->runs, room * sizeof(*larger));

		if (!larger) {
			k->failed = 1;
			return;
		}
		k->runs = larger;
		k->capacity = room;
	}
	k->runs[k->count++] = (struct placed_run){ at, run };
}

/* Number of bytes of [at, end) that differ from those `back` before them and
 * from those `other` before them; 0: not used. */
static uint32_t count_missed(const struct cutter *k, uint32_t at, uint32_t end,
			     uint32_t back, uint32_t other)
{
	const uint8_t *in = k->bytes;
	uint32_t count = 0;

	for (; at < end && (at < back || at < other); at++)
		count++;
	for (; at < end; at++)
		count += in[at] != in[at - back] &&
			 (!other || in[at] != in[at - other]);
	return count;
}

/* The distance back at which the bytes of [at, end) find an equal byte most
 * often, among those that differ from the byte `given` before them (0: none).
 */
static uint32_t best_distance(const struct cutter *k, uint32_t at, uint32_t end,
			      uint32_t given, uint32_t first)
{
	uint32_t best = first, least = count_missed(k, at, end, first, given);

	for (uint32_t back = 1; back <= at && back <= MOST_BACK && least;
	     back += back < DBP_CODED_STRIDES ? 1 : 4) {
		uint32_t count = count_missed(k, at, end, back, given);

		if (count < least) {
			least = count;
			best = back;
		}
	}
	return best;
}

/* Adds runs of bytes in rows of `stride` bytes; 1: any distance. */
static void add_bytes(struct cutter *k, uint32_t at, uint32_t bytes,
		      uint32_t stride)
{
	struct dbp_run run = { .kind = DBP_CODED_BYTES,
			       .groups = 1,
			       .rows = 1 };
	uint32_t end = at + bytes, start = at;

	while (at < end) {
		uint32_t to = end - at < BLOCK + BLOCK / 2 ? end : at + BLOCK;
		uint32_t back = best_distance(k, at, to, 0, stride);
		uint32_t other = best_distance(k, at, to, back, back);

		if (at == start ||
		    count_missed(k, at, to, back, other) + RUN_BYTES <
			    count_missed(k, at, to, run.back, run.other)) {
			if (at > start)
				add_run(k, start, run);
			start = at;
			run.back = back;
			run.other = other == back ? 0 : other;
			run.stride = stride > 1                ? stride :
				     back <= DBP_CODED_STRIDES ? back :
				     back % 8 == 0             ? 8 :
				     back % 4 == 0             ? 4 :
								 1;
		}
		run.columns = to - start;
		at = to;
	}
	if (bytes)
		add_run(k, start, run);
}

/* ---- What lies where ---- */

static const void *section(const struct cutter *k, int kind)
{
	return k->dbp + k->sections[kind]->offset;
}

/* Blobs in the data section, by offset from its start. */
static void add_blob(struct cutter *k, uint32_t offset, uint32_t bytes,
		     uint32_t stride)
{
	if (offset != DBP_NONE)
		add_bytes(k, k->sections[DBP_SECTION_DATA]->offset + offset,
			  bytes, stride);
}

static void add_conv(struct cutter *k, const struct dbp_op *op)
{
	const uint8_t *params = section(k, DBP_SECTION_PARAMS);
	const struct dbp_tensor *tensors = section(k, DBP_SECTION_TENSORS);
	const struct dbp_conv *c = (const void *)(params + op->params);
	const uint32_t *ids = (const void *)(params + op->tensors);
	uint32_t channels = tensors[ids[1]].dims[3];

	add_run(k, k->sections[DBP_SECTION_DATA]->offset + c->weights,
		dbp_conv_run(c, tensors[ids[0]].dims[3], channels));
	if (c->bias != DBP_NONE)
		add_run(k, k->sections[DBP_SECTION_DATA]->offset + c->bias,
			(struct dbp_run){ .kind = DBP_CODED_INTS,
					  .groups = 1,
					  .rows = 1,
					  .columns = channels });
	add_blob(k, c->multiplier, 2 * channels, 2);
	add_blob(k, c->shift, channels, 1);
	add_blob(k, c->multiplier2, 2 * channels, 2);
	add_blob(k, c->shift2, channels, 1);
	add_blob(k, c->float_scale, 4 * channels, 4);
}

static void add_section(struct cutter *k, int kind, uint32_t stride)
{
	const struct dbp_section *s = k->sections[kind];

	if (s)
		add_bytes(k, s->offset, s->bytes, stride);
}

static int by_place(const void *a, const void *b)
{
	const struct placed_run *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->run.kind < y->run.kind ? 1 :
	       x->run.kind > y->run.kind ? -1 :
					   0;
}

/* Equal arrays are stored once: drops a run that is a repetition or begins
 * inside another one. Gaps become runs of bytes. */
static void close_gaps(struct cutter *k)
{
	size_t count = k->count, kept = 0;
	uint64_t at = 0;

	if (count)
		qsort(k->runs, count, sizeof(*k->runs), by_place);
	for (size_t i = 0; i < count; i++) {
		struct placed_run r = k->runs[i];
		uint64_t bytes = dbp_run_bytes(&r.run);

		if (r.at < at || r.at + bytes > k->size)
			continue;
		if (r.at > at)
			add_bytes(k, (uint32_t)at, (uint32_t)(r.at - at), 1);
		k->runs[kept++] = r;
		at = r.at + bytes;
	}
	add_bytes(k, (uint32_t)at, (uint32_t)(k->size - at), 1);
	memmove(k->runs + kept, k->runs + count,
		(k->count - count) * sizeof(*k->runs));
	k->count -= count - kept;
	if (k->count)
		qsort(k->runs, k->count, sizeof(*k->runs), by_place);
}

static void cut(struct cutter *k)
{
	const struct dbp_header *h = (const void *)k->dbp;
	const struct dbp_section *s = (const void *)(h + 1);
	const struct dbp_section *ops;

	for (uint32_t i = 0; i < h->section_count; i++)
		if (s[i].kind <= DBP_SECTION_SIGNATURE)
			k->sections[s[i].kind] = &s[i];
	add_bytes(k, sizeof(*h), h->section_count * sizeof(*s), sizeof(*s));
	add_section(k, DBP_SECTION_TENSORS, sizeof(struct dbp_tensor));
	add_section(k, DBP_SECTION_OPS, sizeof(struct dbp_op));
	add_section(k, DBP_SECTION_PARAMS, 4);
	ops = k->sections[DBP_SECTION_OPS];
	for (uint32_t i = 0; ops && i < ops->bytes / sizeof(struct dbp_op);
	     i++) {
		const struct dbp_op *op =
			(const struct dbp_op *)section(k, DBP_SECTION_OPS) + i;

		if (op->kind == DBP_OP_CONV ||
		    op->kind == DBP_OP_CONV_TRANSPOSE)
			add_conv(k, op);
	}
	close_gaps(k);
}

/* ---- Writing ---- */

static void write_bytes(struct dbp_coder *k, const struct placed_run *r,
			const uint8_t *file)
{
	struct dbp_bytes b = {
		.run = &r->run, .file = file, .start = r->at, .at = r->at
	};

	while (b.at - b.start < r->run.columns)
		dbp_code_byte(k, &b, file[b.at]);
}

static void write_ints(struct dbp_coder *k, const struct dbp_run *r,
		       const uint8_t *in)
{
	for (uint32_t i = 0; i < r->columns; i++) {
		int32_t value;

		memcpy(&value, in + 4 * (size_t)i, 4);
		dbp_code_int(k, value);
	}
}

/* Whether every weight is a level of its trellis state. */
static int is_dependent(const struct dbp_run *r, const uint8_t *in)
{
	for (uint32_t g = 0; g < r->groups; g++)
		for (uint32_t row = 0; row < r->rows; row++)
			for (uint32_t c = 0, state = 0; c < r->columns; c++) {
				int32_t number = dbp_run_code(in, r, g, row, c);
				uint32_t level = (uint32_t)abs(number), size;

				size = dbp_trellis_size(state, level);
				if (dbp_trellis_level(state, size) != level)
					return 0;
				state = dbp_trellis_next(state, size);
			}
	return 1;
}

static void write_tiles(struct dbp_coder *k, const struct dbp_run *r,
			const uint8_t *in)
{
	struct dbp_weights w = { .run = r };

	for (uint32_t g = 0; g < r->groups; g++)
		for (uint32_t row = 0; row < r->rows; row++) {
			w.state = 0;
			for (uint32_t c = 0; c < r->columns; c++)
				dbp_code_weight(k, &w,
						dbp_run_code(in, r, g, row, c));
		}
}

static size_t write_runs(const struct cutter *c, uint8_t *out, size_t room)
{
	struct dbp_coder *k = malloc(sizeof(*k));
	size_t bytes;

	if (!k)
		return 0;
	dbp_coder_write(k, out, room);
	for (size_t i = 0; i < c->count; i++) {
		struct dbp_run run = c->runs[i].run;
		const uint8_t *in = c->bytes + c->runs[i].at;

		if (run.kind == DBP_CODED_TILES ||
		    run.kind == DBP_CODED_DEPTHWISE)
			run.dependent = (uint32_t)is_dependent(&run, in);
		dbp_code_run(k, &run);
		if (run.kind == DBP_CODED_BYTES)
			write_bytes(k, &c->runs[i], c->bytes);
		else if (run.kind == DBP_CODED_INTS)
			write_ints(k, &run, in);
		else
			write_tiles(k, &run, in);
	}
	dbp_coder_end(k);
	bytes = k->out_at;
	free(k);
	return bytes <= room ? bytes : 0;
}

/* Verifies that the coded file decodes to the same bytes. */
static int prove(const uint8_t *coded, uint32_t size, const struct cutter *c)
{
	uint8_t *back = malloc(c->size);
	int err = !back || dbrt_expand(coded, size, back, c->size) != DBRT_OK ||
		  memcmp(back, c->dbp, c->size) != 0;

	free(back);
	return err;
}

int coded_file_make(const uint8_t *dbp, uint32_t size, struct arena *a,
		    uint8_t **out, uint32_t *out_size, struct diag *d)
{
	struct cutter k = { .dbp = dbp, .size = size };
	size_t room = 2 * (size_t)size + 1024, bytes = 0;
	struct dbp_coded *h = arena_alloc(a, sizeof(*h) + room);
	int err = -1;

	*out = (uint8_t *)(uintptr_t)dbp;
	*out_size = size;
	k.bytes = malloc(size);
	if (h && k.bytes) {
		memcpy(k.bytes, dbp, size);
		dbp_expect_file(k.bytes, size, 0);
		cut(&k);
		if (!k.failed)
			bytes = write_runs(&k, (uint8_t *)(h + 1), room);
	}
	if (!bytes) {
		diag_error(d, "out of memory");
		goto done;
	}
	*h = (struct dbp_coded){
		.magic = DBP_CODED_MAGIC,
		.major = DBP_CODED_MAJOR,
		.minor = DBP_CODED_MINOR,
		.coded_bytes = (uint32_t)(sizeof(*h) + bytes),
		.plain_bytes = size,
		.crc32 = (uint32_t)crc32_z(0, (const uint8_t *)(h + 1), bytes),
	};
	err = 0;
	if (h->coded_bytes >= size || size / DBP_CODED_MOST > h->coded_bytes)
		goto done;
	if (prove((const uint8_t *)h, h->coded_bytes, &k)) {
		err = diag_error(
			d, "the coded model does not decode to the same bytes");
		goto done;
	}
	*out = (uint8_t *)h;
	*out_size = h->coded_bytes;
done:
	free(k.runs);
	free(k.bytes);
	return err;
}
