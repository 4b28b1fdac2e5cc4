/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/decode.h"

#include <float.h>
#include <string.h>

#include "runtime/open_ops.h"
#include "runtime/work.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packed models are little-endian and used in place"
#endif

/*
 * Everything that a kernel relies on is proven here once. For an accepted file
 * dbrt_run() runs in bounds for any input. The time is linear in the size of
 * the file (dbrt_check_ops() about arrays that many operators share).
 */
#define MAX_SECTIONS 64
#define DECLARED 3 /* numbers of a struct dbrt_work that the header has */

static int all_zero(const void *data, size_t bytes)
{
	const uint8_t *p = data;
	uint8_t seen = 0;

	for (size_t i = 0; i < bytes; i++)
		seen |= p[i];
	return seen == 0;
}

static int is_finite(float x)
{
	return x >= -FLT_MAX && x <= FLT_MAX;
}

/* ---- Header and sections ---- */

static uint32_t header_crc(const uint8_t *file, size_t bytes)
{
	const size_t field = offsetof(struct dbp_header, header_crc32);
	static const uint8_t zero[4];
	uint32_t crc = dbrt_crc32(0, file, field);

	crc = dbrt_crc32(crc, zero, sizeof(zero));
	return dbrt_crc32(crc, file + field + 4, bytes - field - 4);
}

/* Any of the first n numbers of a struct dbrt_work is over `most`, where 0 is
 * no bound. */
static int is_over(const uint64_t *work, const uint64_t *most, uint32_t n)
{
	int over = 0;

	for (uint32_t i = 0; i < n; i++)
		over |= most[i] && work[i] > most[i];
	return over;
}

static int check_header(const struct dbp_header *h, size_t bytes)
{
	size_t head = sizeof(*h);
	const uint8_t *first; /* reserved byte */

	if (bytes < 4)
		return DBRT_ERROR_TRUNCATED;
	if (dbrt_is_coded(h, bytes))
		return DBRT_ERROR_CODED;
	if (h->magic != DBP_MAGIC)
		return DBRT_ERROR_MAGIC;
	if (bytes < sizeof(*h))
		return DBRT_ERROR_TRUNCATED;
	if (h->major != DBP_MAJOR)
		return DBRT_ERROR_VERSION;
	if (bytes < h->total_bytes)
		return DBRT_ERROR_TRUNCATED;
	if (h->section_count > MAX_SECTIONS)
		return DBRT_ERROR_FORMAT;
	head += h->section_count * sizeof(struct dbp_section);
	if (head > h->total_bytes)
		return DBRT_ERROR_FORMAT;
	if (header_crc((const uint8_t *)h, head) != h->header_crc32)
		return DBRT_ERROR_CHECKSUM;
	first = (const void *)(h->minor < 2 ? &h->run_steps :
					      (const void *)h->reserved);
	return dbrt_expect(
		h->flags == 0 && h->total_bytes <= DBP_MAX_BYTES &&
		h->arena_bytes <= DBP_MAX_BYTES &&
		h->arena_bytes % DBP_ALIGN == 0 &&
		h->worker_bytes <= DBP_MAX_BYTES &&
		h->worker_bytes % DBP_ALIGN == 0 &&
		all_zero(first, (size_t)((const uint8_t *)(h + 1) - first)));
}

/* One section behind `end`, with zero bytes between. */
static int check_section(struct dbrt_model *m, const struct dbp_section *s,
			 uint32_t end)
{
	uint32_t total = dbrt_header(m)->total_bytes;
	uint64_t start = ((uint64_t)end + DBP_ALIGN - 1) & ~(DBP_ALIGN - 1ull);

	if (s->kind == 0 || s->offset != start || s->offset > total ||
	    s->bytes > total - s->offset ||
	    !all_zero(m->file + end, s->offset - end))
		return DBRT_ERROR_FORMAT;
	if (dbrt_crc32(0, m->file + s->offset, s->bytes) != s->crc32)
		return DBRT_ERROR_CHECKSUM;
	if (s->kind > DBP_SECTION_SIGNATURE)
		return DBRT_OK;
	if (m->section_offset[s->kind])
		return DBRT_ERROR_FORMAT;
	m->section_offset[s->kind] = s->offset;
	m->section_bytes[s->kind] = s->bytes;
	return DBRT_OK;
}

static int check_sections(struct dbrt_model *m)
{
	const struct dbp_header *h = dbrt_header(m);
	const struct dbp_section *s = (const struct dbp_section *)(h + 1);
	uint32_t end = (uint32_t)(sizeof(*h) + h->section_count * sizeof(*s));

	for (uint32_t i = 0; i < h->section_count; i++) {
		int status = check_section(m, &s[i], end);

		if (status != DBRT_OK)
			return status;
		end = s[i].offset + s[i].bytes;
	}
	return dbrt_expect(h->total_bytes - end < DBP_ALIGN &&
			   all_zero(m->file + end, h->total_bytes - end));
}

static int check_strings(struct dbrt_model *m)
{
	const char *text = dbrt_section(m, DBP_SECTION_STRINGS);
	uint32_t bytes = m->section_bytes[DBP_SECTION_STRINGS];

	return dbrt_expect(bytes == 0 || text[bytes - 1] == '\0');
}

/* Number of rows of a section of structures; 0 if it is malformed. */
static uint32_t count_rows(const struct dbrt_model *m, int kind, uint32_t size,
			   uint32_t max)
{
	uint32_t bytes = m->section_bytes[kind];

	return bytes % size || bytes / size > max ? 0 : bytes / size;
}

static int check_counts(struct dbrt_model *m)
{
	m->tensor_count = count_rows(m, DBP_SECTION_TENSORS,
				     sizeof(struct dbp_tensor),
				     DBP_MAX_TENSORS);
	m->op_count = count_rows(m, DBP_SECTION_OPS, sizeof(struct dbp_op),
				 DBP_MAX_OPS);
	return dbrt_expect(m->tensor_count > 0 && m->op_count > 0 &&
			   m->section_offset[DBP_SECTION_PARAMS]);
}

/* ---- Tensors ---- */

static int check_shape(const struct dbp_tensor *t)
{
	uint64_t rows = 1, last;

	if (t->rank == 0 || t->rank > DBP_MAX_RANK)
		return DBRT_ERROR_FORMAT;
	for (uint32_t i = 0; i < DBP_MAX_RANK; i++) {
		if (t->dims[i] == 0 || (i >= t->rank && t->dims[i] != 1))
			return DBRT_ERROR_FORMAT;
		if (i < t->rank - 1u)
			rows *= t->dims[i];
		if (rows > DBP_MAX_BYTES || t->dims[i] > DBP_MAX_BYTES)
			return DBRT_ERROR_FORMAT;
	}
	last = t->dims[t->rank - 1];
	if (t->pitch < last || t->pitch > DBP_MAX_BYTES)
		return DBRT_ERROR_FORMAT;
	/* Below 2^31 * 2^31 + 2^31 before the element's size. */
	last += (rows - 1) * t->pitch;
	return dbrt_expect(last <= DBP_MAX_BYTES &&
			   last * dbrt_element_bytes(t) == t->bytes &&
			   t->bytes <= DBP_MAX_BYTES);
}

static int check_type(const struct dbp_tensor *t)
{
	if (t->dtype == DBP_S8)
		return dbrt_expect(t->zero_point >= -128 &&
				   t->zero_point <= 127 && t->scale > 0 &&
				   t->scale <= FLT_MAX);
	return dbrt_expect((t->dtype == DBP_F32 || t->dtype == DBP_I32) &&
			   t->zero_point == 0 && t->scale == 0 &&
			   t->offset % 4 == 0);
}

static int check_place(const struct dbrt_model *m, const struct dbp_tensor *t)
{
	uint32_t room;

	if (t->memory == DBP_IN_ARENA)
		room = dbrt_header(m)->arena_bytes;
	else if (t->memory == DBP_IN_DATA && t->writer == DBP_NONE)
		room = m->section_bytes[DBP_SECTION_DATA];
	else
		return DBRT_ERROR_FORMAT;
	return dbrt_expect(t->offset <= room && t->bytes <= room - t->offset);
}

static int check_tensors(struct dbrt_model *m)
{
	for (uint32_t i = 0; i < m->tensor_count; i++) {
		const struct dbp_tensor *t = dbrt_tensor_row(m, i);

		if (check_type(t) || check_shape(t) || check_place(m, t) ||
		    t->reserved0 || t->reserved1 ||
		    !dbrt_is_string(m, t->name) ||
		    (t->writer != DBP_NONE && t->writer >= m->op_count))
			return DBRT_ERROR_FORMAT;
	}
	return DBRT_OK;
}

/* ---- Inputs and outputs ---- */

/* Before the operators: sizes, indices, and inputs' memory. */
static int check_io(struct dbrt_model *m)
{
	const struct dbp_io *io = dbrt_section(m, DBP_SECTION_IO);
	uint32_t bytes = m->section_bytes[DBP_SECTION_IO];
	const uint32_t *ids;

	if (!io || bytes < sizeof(*io) || io->input_count == 0 ||
	    io->output_count == 0 || io->input_count > DBP_MAX_IO ||
	    io->output_count > DBP_MAX_IO ||
	    bytes != sizeof(*io) + 4 * (io->input_count + io->output_count))
		return DBRT_ERROR_FORMAT;
	ids = (const uint32_t *)(io + 1);
	for (uint32_t i = 0; i < io->input_count + io->output_count; i++) {
		const struct dbp_tensor *t;

		if (ids[i] >= m->tensor_count)
			return DBRT_ERROR_FORMAT;
		t = dbrt_tensor_row(m, ids[i]);
		if (i < io->input_count &&
		    (t->memory != DBP_IN_ARENA || t->writer != DBP_NONE))
			return DBRT_ERROR_FORMAT;
	}
	return DBRT_OK;
}

/* ---- Preprocessing, head, golden ---- */

static const struct dbp_tensor *io_tensor(const struct dbrt_model *m,
					  uint32_t i)
{
	const struct dbp_io *io = dbrt_section(m, DBP_SECTION_IO);

	return dbrt_tensor_row(m, ((const uint32_t *)(io + 1))[i]);
}

static int check_preprocess(struct dbrt_model *m)
{
	const struct dbp_preprocess *p =
		dbrt_section(m, DBP_SECTION_PREPROCESS);
	const struct dbp_tensor *x = io_tensor(m, 0);

	if (!p)
		return DBRT_OK;
	if (m->section_bytes[DBP_SECTION_PREPROCESS] != sizeof(*p) ||
	    p->color > DBP_GRAY || p->fit > DBP_LETTERBOX_TOPLEFT ||
	    p->channels != (p->color == DBP_GRAY ? 1 : 3) || x->rank != 4 ||
	    x->dims[0] != 1 || x->dims[3] != p->channels)
		return DBRT_ERROR_FORMAT;
	for (int i = 0; i < 4; i++)
		if (!is_finite(p->mean[i]) || !is_finite(p->scale[i]))
			return DBRT_ERROR_FORMAT;
	if (p->table == DBP_NONE)
		return dbrt_expect(x->dtype == DBP_F32);
	return dbrt_expect(x->dtype == DBP_S8 &&
			   dbrt_blob(m, p->table, 256u * p->channels, 1));
}

static int check_head(struct dbrt_model *m)
{
	const struct dbp_head *h = dbrt_section(m, DBP_SECTION_HEAD);
	const struct dbp_io *io = dbrt_section(m, DBP_SECTION_IO);
	uint32_t elements[DBP_MAX_IO];
	int status;

	if (!h)
		return DBRT_OK;
	for (uint32_t i = 0; i < io->output_count; i++) {
		const struct dbp_tensor *t = io_tensor(m, io->input_count + i);

		elements[i] = t->dtype == DBP_F32 ? dbrt_elements(t) : 0;
	}
	status = dbrt_head_check(h, m->section_bytes[DBP_SECTION_HEAD],
				 elements, io->output_count);
	for (uint32_t i = 0; status == DBRT_OK && i < h->class_count; i++)
		status = dbrt_expect(dbrt_is_string(m, dbrt_head_names(h)[i]));
	if (status == DBRT_OK)
		dbrt_work_add_head(&m->work, h);
	return status;
}

static int check_golden(struct dbrt_model *m)
{
	return dbrt_expect(!m->section_offset[DBP_SECTION_GOLDEN] ||
			   m->section_bytes[DBP_SECTION_GOLDEN] ==
				   sizeof(struct dbp_golden));
}

/* What is declared is at least what it is. */
static int check_work(struct dbrt_model *m)
{
	return dbrt_expect(
		!is_over(&m->work.steps, &dbrt_header(m)->run_steps, DECLARED));
}

static int check_content(struct dbrt_model *m)
{
	/* Each step may rely on the steps before it. */
	static int (*const steps[])(struct dbrt_model *) = {
		check_sections,     check_strings,    check_counts,
		check_tensors,      check_io,         dbrt_check_ops,
		dbrt_check_outputs, check_preprocess, check_head,
		check_golden,       check_work,
	};
	int status = DBRT_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !status; i++)
		status = steps[i](m);
	return status;
}

static int check_file(struct dbrt_model *m, const void *dbp, size_t bytes,
		      const struct dbrt_limits *limits)
{
	const struct dbp_header *h = dbp;
	int status;

	if ((uintptr_t)dbp % DBP_ALIGN)
		return DBRT_ERROR_ALIGNMENT;
	status = check_header(h, bytes);
	if (status != DBRT_OK)
		return status;
	m->file = dbp;
	m->file_bytes = h->total_bytes;
	m->header_crc32 = h->header_crc32;
	if (limits &&
	    ((limits->arena_bytes && h->arena_bytes > limits->arena_bytes) ||
	     is_over(&h->run_steps, &limits->work.steps, DECLARED)))
		return DBRT_ERROR_LIMIT;
	status = check_content(m);
	if (status == DBRT_OK && limits &&
	    is_over(&m->work.steps, &limits->work.steps, DECLARED + 1))
		return DBRT_ERROR_LIMIT;
	return status;
}

int dbrt_open_limited(struct dbrt_model *m, const void *dbp, size_t bytes,
		      const struct dbrt_limits *limits)
{
	int status = DBRT_ERROR_ARGUMENT;

	if (!m)
		return status;
	memset(m, 0, sizeof(*m));
	if (dbp)
		status = check_file(m, dbp, bytes, limits);
	if (status != DBRT_OK)
		memset(m, 0, sizeof(*m));
	else
		m->run = dbrt_run_ops;
	return status;
}

int dbrt_open(struct dbrt_model *m, const void *dbp, size_t bytes)
{
	return dbrt_open_limited(m, dbp, bytes, NULL);
}
