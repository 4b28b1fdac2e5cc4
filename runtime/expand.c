/* SPDX-License-Identifier: Apache-2.0 */
/* Expands a coded model to the bytes of the packed file: schemas/dbp.md. */
#include <string.h>

#include "runtime/dbrt_internal.h"
#include "schemas/dbp_coded.h"
#include "schemas/dbp_expected.h"

int dbrt_is_coded(const void *dbp, size_t bytes)
{
	uint32_t magic = 0;

	if (bytes >= sizeof(magic))
		memcpy(&magic, dbp, sizeof(magic));
	return magic == DBP_CODED_MAGIC;
}

static int check_coded(const void *coded, size_t bytes)
{
	const struct dbp_coded *h = coded;

	if (!coded)
		return DBRT_ERROR_ARGUMENT;
	if ((uintptr_t)coded % 4)
		return DBRT_ERROR_ALIGNMENT;
	if (bytes >= 4 && h->magic != DBP_CODED_MAGIC)
		return DBRT_ERROR_MAGIC;
	if (bytes < sizeof(*h))
		return DBRT_ERROR_TRUNCATED;
	if (h->major != DBP_CODED_MAJOR)
		return DBRT_ERROR_VERSION;
	if (h->coded_bytes < sizeof(*h) || h->plain_bytes > DBP_MAX_BYTES ||
	    h->plain_bytes < sizeof(struct dbp_header) ||
	    h->plain_bytes / DBP_CODED_MOST > h->coded_bytes || h->reserved)
		return DBRT_ERROR_FORMAT;
	return h->coded_bytes > bytes ? DBRT_ERROR_TRUNCATED : DBRT_OK;
}

size_t dbrt_expanded_bytes(const void *coded, size_t bytes)
{
	const struct dbp_coded *h = coded;

	return check_coded(coded, bytes) == DBRT_OK ? h->plain_bytes : 0;
}

static void read_bytes(struct dbp_coder *k, const struct dbp_run *r,
		       uint8_t *file, uint32_t start)
{
	struct dbp_bytes b = {
		.run = r, .file = file, .start = start, .at = start
	};

	while (b.at - start < r->columns) {
		uint8_t *to = file + b.at;

		*to = dbp_code_byte(k, &b, 0);
	}
}

static void read_ints(struct dbp_coder *k, const struct dbp_run *r,
		      uint8_t *out)
{
	for (uint32_t i = 0; i < r->columns; i++) {
		int32_t value = dbp_code_int(k, 0);

		memcpy(out + 4 * (size_t)i, &value, 4);
	}
}

static void read_tiles(struct dbp_coder *k, const struct dbp_run *r,
		       uint8_t *out)
{
	struct dbp_weights w = { .run = r };

	for (uint32_t g = 0; g < r->groups; g++)
		for (uint32_t row = 0; row < r->rows; row++) {
			w.state = 0;
			for (uint32_t c = 0; c < r->columns; c++)
				dbp_run_put(out, r, g, row, c,
					    dbp_code_weight(k, &w, 0));
		}
}

/* The position after the bytes that are used; 4 bytes are read ahead. */
static uint32_t coded_at(const struct dbp_coder *k, const struct dbp_coded *h)
{
	size_t read = sizeof(*h) + k->at - 4;

	return read < h->coded_bytes ? (uint32_t)read : h->coded_bytes;
}

/* All runs of the file, in `to`, which holds zeros. */
static int read_runs(struct dbp_coder *k, const struct dbp_coded *h,
		     uint8_t *to, dbrt_expand_trace *trace, void *ctx)
{
	uint64_t at = 0;

	while (at < h->plain_bytes) {
		struct dbp_run r = { 0 };
		uint64_t run;

		if (trace)
			trace(ctx, (uint32_t)at, coded_at(k, h));
		dbp_code_run(k, &r);
		run = dbp_run_bytes(&r);
		if (!run || run > h->plain_bytes - at ||
		    (r.kind == DBP_CODED_BYTES && !r.back))
			return DBRT_ERROR_FORMAT;
		if (r.kind == DBP_CODED_BYTES)
			read_bytes(k, &r, to, (uint32_t)at);
		else if (r.kind == DBP_CODED_INTS)
			read_ints(k, &r, to + at);
		else
			read_tiles(k, &r, to + at);
		at += run;
	}
	return DBRT_OK;
}

int dbrt_expand_traced(const void *coded, size_t bytes, void *out,
		       size_t out_bytes, dbrt_expand_trace *trace, void *ctx)
{
	const struct dbp_coded *h = coded;
	struct dbp_coder k;
	int status = check_coded(coded, bytes);

	if (status != DBRT_OK)
		return status;
	if (!out || out_bytes < h->plain_bytes)
		return DBRT_ERROR_ARENA;
	if (dbrt_crc32(0, h + 1, h->coded_bytes - sizeof(*h)) != h->crc32)
		return DBRT_ERROR_CHECKSUM;
	dbp_coder_read(&k, (const uint8_t *)(h + 1),
		       h->coded_bytes - sizeof(*h));
	memset(out, 0, h->plain_bytes);
	status = read_runs(&k, h, out, trace, ctx);
	if (status != DBRT_OK) {
		/* no call takes these bytes for a model */
		memset(out, 0, sizeof(struct dbp_header));
		return status;
	}
	dbp_expect_file(out, h->plain_bytes, 1);
	if (trace)
		trace(ctx, h->plain_bytes, h->coded_bytes);
	return DBRT_OK;
}

int dbrt_expand(const void *coded, size_t bytes, void *out, size_t out_bytes)
{
	return dbrt_expand_traced(coded, bytes, out, out_bytes, NULL, NULL);
}

const struct dbrt_coding dbrt_coding = { dbrt_expand };

/* Opens the model, after expanding a coded one to `ram`; *used: its bytes
 * there, a multiple of 64. */
static int open_in(struct dbrt_model *m, const void *dbp, size_t bytes,
		   void *ram, size_t ram_bytes, size_t *used)
{
	const struct dbp_coded *h = dbp;
	int status;

	*used = 0;
	if (!dbrt_is_coded(dbp, bytes))
		return dbrt_open(m, dbp, bytes);
	if (!dbrt_part_coding)
		return DBRT_ERROR_UNSUPPORTED;
	status = check_coded(dbp, bytes);
	if (status != DBRT_OK)
		return status;
	*used = (h->plain_bytes + (size_t)DBP_ALIGN - 1) &
		~(size_t)(DBP_ALIGN - 1);
	if (*used > ram_bytes)
		return DBRT_ERROR_ARENA;
	status = dbrt_part_coding->expand(dbp, bytes, ram, ram_bytes);
	return status == DBRT_OK ? dbrt_open(m, ram, h->plain_bytes) : status;
}

int dbrt_load(struct dbrt_model *m, const void *dbp, size_t bytes, void *ram,
	      size_t ram_bytes)
{
	size_t used = 0;
	int status = DBRT_OK;

	if (!m)
		return DBRT_ERROR_ARGUMENT;
	if (!dbp)
		status = DBRT_ERROR_ARGUMENT;
	else if (!ram)
		status = DBRT_ERROR_ARENA;
	else if ((uintptr_t)ram % DBP_ALIGN)
		status = DBRT_ERROR_ALIGNMENT;
	if (status == DBRT_OK)
		status = open_in(m, dbp, bytes, ram, ram_bytes, &used);
	if (status == DBRT_OK)
		status = dbrt_bind(m, (uint8_t *)ram + used, ram_bytes - used);
	if (status != DBRT_OK)
		memset(m, 0, sizeof(*m));
	return status;
}
