/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a packed file into runs of one kind each, and codes them. */
#define DBP_CODED_ENCODER
#include "converter/coded_file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "runtime/dbrt.h"
#include "schemas/dbp_coded.h"

#define MOST_BACK 6144 /* rows of constants repeat, sometimes far apart */

/* A run and where it begins. */
struct placed_run {
	uint32_t at;
	struct dbp_run run;
};

struct cutter {
	const uint8_t *dbp;
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

/* Bytes that are those `back` before them. */
static uint32_t count_equal(const uint8_t *in, uint32_t bytes, uint32_t back)
{
	uint32_t count = 0;

	for (uint32_t i = back; i < bytes; i++)
		count += in[i] == in[i - back];
	return count;
}

/* How far back the byte lies that a byte is most often equal to. */
static uint32_t best_distance(const uint8_t *in, uint32_t bytes,
			      uint32_t stride)
{
	uint32_t best = stride, most = count_equal(in, bytes, stride);

	for (uint32_t back = 1; back < bytes && back <= MOST_BACK;
	     back += back < DBP_CODED_STRIDES ? 1 : 4) {
		uint32_t count = count_equal(in, bytes, back);

		if (count > most) {
			most = count;
			best = back;
		}
	}
	return best;
}

static void add_bytes(struct cutter *k, uint32_t at, uint32_t bytes,
		      uint32_t stride)
{
	while (bytes) {
		uint32_t part = bytes > 2 * MOST_BACK ? 2 * MOST_BACK : bytes;
		uint32_t back = best_distance(k->dbp + at, part, stride);
		struct dbp_run run = { .kind = DBP_CODED_BYTES,
				       .stride = stride,
				       .back = back,
				       .groups = 1,
				       .rows = 1,
				       .columns = part };

		if (stride == 1 && back <= DBP_CODED_STRIDES)
			run.stride = back;
		else if (stride == 1 && back % 4 == 0)
			run.stride = 4;
		add_run(k, at, run);
		at += part;
		bytes -= part;
	}
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
	struct dbp_run run = {
		.kind = c->depthwise ? DBP_CODED_DEPTHWISE : DBP_CODED_TILES,
		.bits = c->weight_bits,
		.groups = c->depthwise ? 1 : c->groups,
		.rows = c->depthwise ? channels : channels / c->groups,
		.columns = c->depthwise ? (uint32_t)c->kernel_h * c->kernel_w :
					  (uint32_t)dbp_conv_k(
						  c, tensors[ids[0]].dims[3])
	};

	add_run(k, k->sections[DBP_SECTION_DATA]->offset + c->weights, run);
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

/* Equal arrays are stored once: the same run again goes, and so does what
 * begins within another. Gaps become runs of bytes. */
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

static void write_bytes(struct dbp_coder *k, const struct dbp_run *r,
			const uint8_t *in)
{
	int same = 0;

	for (uint32_t i = 0; i < r->columns; i++) {
		uint8_t above = i < r->back ? 0 : in[i - r->back];

		dbp_code_byte(k, i % r->stride, same, above, in[i]);
		same = in[i] == above;
	}
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

static void write_tiles(struct dbp_coder *k, const struct dbp_run *r,
			const uint8_t *in)
{
	uint32_t recent = 0, shift;

	for (uint32_t g = 0; g < r->groups; g++)
		for (uint32_t row = 0; row < r->rows; row++)
			for (uint32_t c = 0; c < r->columns; c++) {
				uint64_t at =
					dbp_run_place(r, g, row, c, &shift);
				int32_t code = in[at] >> shift &
					       ((1u << r->bits) - 1);

				if (code >> (r->bits - 1))
					code -= 1 << r->bits;
				dbp_code_weight(k, &recent, code);
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
		const uint8_t *in = c->dbp + c->runs[i].at;

		dbp_code_run(k, &run);
		if (run.kind == DBP_CODED_BYTES)
			write_bytes(k, &run, in);
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

/* What was written reads back as it was. */
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
	struct dbp_coded *h;

	cut(&k);
	h = k.failed ? NULL : arena_alloc(a, sizeof(*h) + room);
	if (h)
		bytes = write_runs(&k, (uint8_t *)(h + 1), room);
	if (!bytes) {
		free(k.runs);
		return diag_error(d, "out of memory");
	}
	*h = (struct dbp_coded){
		.magic = DBP_CODED_MAGIC,
		.major = DBP_CODED_MAJOR,
		.minor = DBP_CODED_MINOR,
		.coded_bytes = (uint32_t)(sizeof(*h) + bytes),
		.plain_bytes = size,
		.crc32 = (uint32_t)crc32_z(0, (const uint8_t *)(h + 1), bytes),
	};
	*out = (uint8_t *)h;
	*out_size = h->coded_bytes;
	if (h->coded_bytes >= size || size / DBP_CODED_MOST > h->coded_bytes) {
		*out = (uint8_t *)(uintptr_t)dbp;
		*out_size = size;
		free(k.runs);
		return 0;
	}
	if (prove(*out, *out_size, &k)) {
		free(k.runs);
		return diag_error(d, "the coded model does not read back");
	}
	free(k.runs);
	return 0;
}
