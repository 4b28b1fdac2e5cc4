/* SPDX-License-Identifier: Apache-2.0 */
/* Expands a coded model to the bytes of the packed file: schemas/dbp.md. */
#include <string.h>

#include "runtime/dbrt_internal.h"
#include "schemas/dbp_coded.h"
#include "schemas/dbp_expected.h"

static int check_coded(const void *coded, size_t bytes)
{
	const struct dbp_coded *h = coded;

	if (!coded || bytes < sizeof(*h))
		return DBRT_ERROR_TRUNCATED;
	if ((uintptr_t)coded % 4)
		return DBRT_ERROR_ALIGNMENT;
	if (h->magic != DBP_CODED_MAGIC)
		return DBRT_ERROR_MAGIC;
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

int dbrt_expand_traced(const void *coded, size_t bytes, void *out,
		       size_t out_bytes, dbrt_expand_trace *trace, void *ctx)
{
	const struct dbp_coded *h = coded;
	struct dbp_coder k;
	uint8_t *to = out;
	uint64_t at = 0;
	int status = check_coded(coded, bytes);

	if (status != DBRT_OK)
		return status;
	if (!out || out_bytes < h->plain_bytes)
		return DBRT_ERROR_ARENA;
	if (dbrt_crc32(0, h + 1, h->coded_bytes - sizeof(*h)) != h->crc32)
		return DBRT_ERROR_CHECKSUM;
	dbp_coder_read(&k, (const uint8_t *)(h + 1),
		       h->coded_bytes - sizeof(*h));
	memset(to, 0, h->plain_bytes);
	while (at < h->plain_bytes) {
		struct dbp_run r = { 0 };
		uint64_t run;

		if (trace)
			trace(ctx, (uint32_t)at, coded_at(&k, h));
		dbp_code_run(&k, &r);
		run = dbp_run_bytes(&r);
		if (!run || run > h->plain_bytes - at ||
		    (r.kind == DBP_CODED_BYTES && !r.back))
			return DBRT_ERROR_FORMAT;
		if (r.kind == DBP_CODED_BYTES)
			read_bytes(&k, &r, to, (uint32_t)at);
		else if (r.kind == DBP_CODED_INTS)
			read_ints(&k, &r, to + at);
		else
			read_tiles(&k, &r, to + at);
		at += run;
	}
	dbp_expect_file(to, h->plain_bytes, 1);
	if (trace)
		trace(ctx, (uint32_t)at, h->coded_bytes);
	return DBRT_OK;
}

int dbrt_expand(const void *coded, size_t bytes, void *out, size_t out_bytes)
{
	return dbrt_expand_traced(coded, bytes, out, out_bytes, NULL, NULL);
}

int dbrt_load(struct dbrt_model *m, const void *dbp, size_t bytes, void *ram,
	      size_t ram_bytes)
{
	size_t expanded = dbrt_expanded_bytes(dbp, bytes);
	size_t front = (expanded + 63) & ~(size_t)63;
	int status = DBRT_OK;

	if (!ram || ram_bytes < front)
		return DBRT_ERROR_ARENA;
	if (expanded) {
		status = dbrt_expand(dbp, bytes, ram, ram_bytes);
		dbp = ram;
		bytes = expanded;
	}
	if (status == DBRT_OK)
		status = dbrt_open(m, dbp, bytes);
	if (status == DBRT_OK)
		status =
			dbrt_bind(m, (uint8_t *)ram + front, ram_bytes - front);
	return status;
}
