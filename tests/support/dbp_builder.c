/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/dbp_builder.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static size_t align_up(size_t n, size_t align)
{
	return (n + align - 1) / align * align;
}

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "dbp_builder: out of memory\n");
		exit(1);
	}
	return p;
}

/* Appends after zero bytes up to `align`; returns the offset. NULL: zeros. */
static uint32_t append(struct dbp_buffer *b, const void *data, size_t bytes,
		       size_t align)
{
	size_t start = align_up(b->bytes, align), end = start + bytes;

	if (end > b->capacity || !b->data) {
		b->capacity = end + end / 2 + 64;
		b->data = must(realloc(b->data, b->capacity));
	}
	memset(b->data + b->bytes, 0, end - b->bytes);
	if (data && bytes)
		memcpy(b->data + start, data, bytes);
	b->bytes = end;
	return (uint32_t)start;
}

void dbp_builder_init(struct dbp_builder *b)
{
	memset(b, 0, sizeof(*b));
	b->header.magic = DBP_MAGIC;
	b->header.major = DBP_MAJOR;
	b->header.minor = DBP_MINOR;
	memcpy(b->header.tool, "dbp_builder", 11);
}

void dbp_builder_free(struct dbp_builder *b)
{
	for (size_t i = 0; i <= DBP_SECTION_SIGNATURE; i++)
		free(b->section[i].data);
	free(b->io[0].data);
	free(b->io[1].data);
	memset(b, 0, sizeof(*b));
}

static uint32_t element_bytes(int dtype)
{
	return dtype == DBP_S8 ? 1 : 4;
}

static uint32_t add_row(struct dbp_builder *b, const struct dbp_tensor *t)
{
	struct dbp_buffer *s = &b->section[DBP_SECTION_TENSORS];

	return append(s, t, sizeof(*t), 4) / (uint32_t)sizeof(*t);
}

static struct dbp_tensor dense(int dtype, uint32_t rank, const uint32_t *dims,
			       float scale, int32_t zero_point)
{
	struct dbp_tensor t = { .dtype = (uint8_t)dtype,
				.rank = (uint8_t)rank,
				.zero_point = zero_point,
				.scale = scale,
				.bytes = element_bytes(dtype),
				.name = DBP_NONE,
				.writer = DBP_NONE };

	for (uint32_t i = 0; i < DBP_MAX_RANK; i++) {
		t.dims[i] = i < rank ? dims[i] : 1;
		t.bytes *= t.dims[i];
	}
	t.pitch = t.dims[rank - 1];
	return t;
}

static uint32_t reserve(struct dbp_builder *b, uint32_t bytes)
{
	uint32_t at = b->arena_bytes;

	b->arena_bytes = (uint32_t)align_up(at + (size_t)bytes, DBP_ALIGN);
	return at;
}

uint32_t dbp_add_tensor(struct dbp_builder *b, int dtype, uint32_t rank,
			const uint32_t *dims, float scale, int32_t zero_point)
{
	struct dbp_tensor t = dense(dtype, rank, dims, scale, zero_point);

	t.memory = DBP_IN_ARENA;
	t.offset = reserve(b, t.bytes);
	return add_row(b, &t);
}

uint32_t dbp_add_constant(struct dbp_builder *b, int dtype, uint32_t rank,
			  const uint32_t *dims, float scale, int32_t zero_point,
			  const void *data)
{
	struct dbp_tensor t = dense(dtype, rank, dims, scale, zero_point);

	t.memory = DBP_IN_DATA;
	t.offset = dbp_add_data(b, data, t.bytes);
	return add_row(b, &t);
}

uint32_t dbp_add_view(struct dbp_builder *b, uint32_t of, uint32_t start,
		      uint32_t last_dim)
{
	struct dbp_tensor t = *dbp_tensor_of(b, of);
	uint32_t size = element_bytes(t.dtype), rows = 1;

	for (int i = 0; i < t.rank - 1; i++)
		rows *= t.dims[i];
	t.dims[t.rank - 1] = last_dim;
	t.offset += start * size;
	t.bytes = ((rows - 1) * t.pitch + last_dim) * size;
	return add_row(b, &t);
}

struct dbp_tensor *dbp_tensor_of(struct dbp_builder *b, uint32_t id)
{
	uint8_t *rows = b->section[DBP_SECTION_TENSORS].data;

	return (struct dbp_tensor *)(void *)rows + id;
}

uint32_t dbp_add_data(struct dbp_builder *b, const void *data, size_t bytes)
{
	return append(&b->section[DBP_SECTION_DATA], data, bytes,
		      DBP_BLOB_ALIGN);
}

uint32_t dbp_add_string(struct dbp_builder *b, const char *text)
{
	return append(&b->section[DBP_SECTION_STRINGS], text, strlen(text) + 1,
		      1);
}

void dbp_set_section(struct dbp_builder *b, int kind, const void *data,
		     size_t bytes)
{
	b->section[kind].bytes = 0;
	append(&b->section[kind], data, bytes, 1);
}

uint32_t dbp_add_op(struct dbp_builder *b, int kind, const uint32_t *inputs,
		    uint32_t input_count, const uint32_t *outputs,
		    uint32_t output_count, const void *params,
		    size_t params_bytes, uint32_t scratch_bytes)
{
	struct dbp_buffer *p = &b->section[DBP_SECTION_PARAMS];
	struct dbp_op op = { .kind = (uint16_t)kind,
			     .input_count = (uint8_t)input_count,
			     .output_count = (uint8_t)output_count,
			     .params = DBP_NONE,
			     .name = DBP_NONE };
	uint32_t index;

	op.tensors = append(p, inputs, 4 * input_count, 4);
	append(p, outputs, 4 * output_count, 4);
	if (params_bytes) {
		op.params = append(p, params, params_bytes, 4);
		op.params_bytes = (uint32_t)params_bytes;
	}
	if (scratch_bytes) {
		op.scratch = reserve(b, scratch_bytes);
		op.scratch_bytes = scratch_bytes;
	}
	if (b->header.worker_bytes < scratch_bytes)
		b->header.worker_bytes =
			(uint32_t)align_up(scratch_bytes, DBP_ALIGN);
	index = append(&b->section[DBP_SECTION_OPS], &op, sizeof(op), 4) /
		(uint32_t)sizeof(op);
	for (uint32_t i = 0; i < output_count; i++)
		dbp_tensor_of(b, outputs[i])->writer = index;
	return index;
}

struct dbp_op *dbp_op_of(struct dbp_builder *b, uint32_t op)
{
	return (struct dbp_op *)(void *)b->section[DBP_SECTION_OPS].data + op;
}

void dbp_add_input(struct dbp_builder *b, uint32_t id)
{
	append(&b->io[0], &id, sizeof(id), 4);
}

void dbp_add_output(struct dbp_builder *b, uint32_t id)
{
	append(&b->io[1], &id, sizeof(id), 4);
}

static void fill_io(struct dbp_builder *b)
{
	struct dbp_buffer *s = &b->section[DBP_SECTION_IO];
	struct dbp_io io = { .input_count = (uint32_t)b->io[0].bytes / 4,
			     .output_count = (uint32_t)b->io[1].bytes / 4 };

	s->bytes = 0;
	append(s, &io, sizeof(io), 4);
	append(s, b->io[0].data, b->io[0].bytes, 4);
	append(s, b->io[1].data, b->io[1].bytes, 4);
}

static uint32_t crc(const void *data, size_t bytes)
{
	return (uint32_t)crc32(0, data, (uInt)bytes);
}

/* Sections go in order of kind; tensors, ops, params and io always exist. */
static int is_present(const struct dbp_builder *b, int kind)
{
	return b->section[kind].bytes || kind <= DBP_SECTION_PARAMS ||
	       kind == DBP_SECTION_IO;
}

uint8_t *dbp_builder_finish(struct dbp_builder *b, size_t *bytes)
{
	struct dbp_section table[DBP_SECTION_SIGNATURE + 1];
	size_t end;
	uint32_t count = 0;
	uint8_t *file;

	fill_io(b);
	for (int kind = 1; kind <= DBP_SECTION_SIGNATURE; kind++)
		count += is_present(b, kind);
	end = sizeof(b->header) + count * sizeof(*table);
	count = 0;
	for (int kind = 1; kind <= DBP_SECTION_SIGNATURE; kind++) {
		if (!is_present(b, kind))
			continue;
		end = align_up(end, DBP_ALIGN);
		table[count].kind = (uint32_t)kind;
		table[count].offset = (uint32_t)end;
		table[count].crc32 = 0;
		table[count].bytes = (uint32_t)b->section[kind].bytes;
		end += table[count++].bytes;
	}
	end = align_up(end, DBP_ALIGN);
	file = must(aligned_alloc(DBP_ALIGN, end));
	memset(file, 0, end);
	b->header.total_bytes = (uint32_t)end;
	b->header.section_count = count;
	b->header.arena_bytes = b->arena_bytes;
	memcpy(file, &b->header, sizeof(b->header));
	memcpy(file + sizeof(b->header), table, count * sizeof(*table));
	for (uint32_t i = 0; i < count; i++)
		if (table[i].bytes)
			memcpy(file + table[i].offset,
			       b->section[table[i].kind].data, table[i].bytes);
	/* The table's CRCs are among the hashed bytes: they come first. */
	dbp_fix_checksums(file, end);
	crypto_hash_sha256(file + offsetof(struct dbp_header, sha256),
			   file + sizeof(b->header), end - sizeof(b->header));
	dbp_fix_checksums(file, end);
	*bytes = end;
	return file;
}

void dbp_fix_checksums(uint8_t *file, size_t bytes)
{
	struct dbp_header h;
	size_t room;

	if (bytes < sizeof(h))
		return;
	memcpy(&h, file, sizeof(h));
	room = (bytes - sizeof(h)) / sizeof(struct dbp_section);
	if (h.section_count < room)
		room = h.section_count;
	for (size_t i = 0; i < room; i++) {
		struct dbp_section s;
		uint8_t *at = file + sizeof(h) + i * sizeof(s);

		memcpy(&s, at, sizeof(s));
		if (s.offset > bytes || s.bytes > bytes - s.offset)
			continue;
		s.crc32 = crc(file + s.offset, s.bytes);
		memcpy(at, &s, sizeof(s));
	}
	h.header_crc32 = 0;
	memcpy(file, &h, sizeof(h));
	h.header_crc32 =
		crc(file, sizeof(h) + room * sizeof(struct dbp_section));
	memcpy(file, &h, sizeof(h));
}

uint8_t *dbp_pack_conv_weights(const int8_t *codes, uint32_t groups,
			       uint32_t rows, uint32_t columns, int bits,
			       size_t *bytes)
{
	uint32_t tiles = (rows + 3) / 4, blocks = (columns + 15) / 16;
	uint32_t low = bits == 3 ? 2 : (uint32_t)bits, per = 8 / low;
	uint32_t mask = (1u << low) - 1;
	uint8_t *out;

	*bytes = (size_t)groups * tiles * blocks * 8 * (uint32_t)bits;
	out = must(calloc(*bytes + 1, 1));
	for (uint32_t g = 0; g < groups; g++)
		for (uint32_t r = 0; r < rows; r++)
			for (uint32_t k = 0; k < columns; k++) {
				size_t tile =
					((size_t)g * tiles + r / 4) * blocks +
					k / 16;
				uint32_t at = 16 * (r % 4 / per) + k % 16;
				uint32_t code = (uint8_t)
					codes[((size_t)g * rows + r) * columns +
					      k];

				out[tile * 8 * (uint32_t)bits + at] |=
					(uint8_t)((code & mask)
						  << (r % 4 % per * low));
				if (bits == 3 && code & 4)
					out[tile * 24 + 16 + k % 16 / 2] |=
						(uint8_t)(1 << (k % 2 * 4 +
								r % 4));
			}
	return out;
}

uint8_t *dbp_pack_depthwise_weights(const int8_t *codes, uint32_t channels,
				    uint32_t taps, int bits, size_t *bytes)
{
	uint32_t per = (uint32_t)(8 / bits), mask = (1u << bits) - 1;
	uint32_t block = (taps + per - 1) / per * 16;
	uint8_t *out;

	*bytes = (size_t)((channels + 15) / 16) * block;
	out = must(calloc(*bytes + 1, 1));
	for (uint32_t c = 0; c < channels; c++)
		for (uint32_t t = 0; t < taps; t++) {
			uint32_t code = (uint8_t)codes[(size_t)c * taps + t];
			size_t at = (size_t)(c / 16) * block + t / per * 16 +
				    c % 16;

			out[at] |= (uint8_t)((code & mask)
					     << (t % per * (uint32_t)bits));
		}
	return out;
}
