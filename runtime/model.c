/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/dbrt_internal.h"

#include <string.h>

#include "runtime/op_conv.h"
#include "runtime/requant.h"
#include "runtime/work.h"

/* ---- Parts of the file ---- */

static int is_open(const struct dbrt_model *m)
{
	return dbrt_open_status(m) == DBRT_OK;
}

const struct dbp_header *dbrt_header(const struct dbrt_model *m)
{
	return (const struct dbp_header *)(const void *)m->file;
}

const void *dbrt_section(const struct dbrt_model *m, int kind)
{
	if (!m->section_offset[kind])
		return NULL;
	return m->file + m->section_offset[kind];
}

const struct dbp_tensor *dbrt_tensor_row(const struct dbrt_model *m,
					 uint32_t id)
{
	const struct dbp_tensor *rows = dbrt_section(m, DBP_SECTION_TENSORS);

	return rows + id;
}

struct dbrt_op_view dbrt_op_at(const struct dbrt_model *m, uint32_t op)
{
	const struct dbp_op *ops = dbrt_section(m, DBP_SECTION_OPS);
	const uint8_t *params = dbrt_section(m, DBP_SECTION_PARAMS);
	struct dbrt_op_view v = { .m = m, .op = ops + op };

	v.ids = (const uint32_t *)(const void *)(params + v.op->tensors);
	if (v.op->params != DBP_NONE)
		v.params = params + v.op->params;
	return v;
}

const char *dbrt_string(const struct dbrt_model *m, uint32_t offset)
{
	const char *strings = dbrt_section(m, DBP_SECTION_STRINGS);

	return offset == DBP_NONE || !strings ? "" : strings + offset;
}

int dbrt_is_string(const struct dbrt_model *m, uint32_t offset)
{
	return offset == DBP_NONE ||
	       offset < m->section_bytes[DBP_SECTION_STRINGS];
}

const struct dbp_tensor *dbrt_in(const struct dbrt_op_view *v, uint32_t i)
{
	return dbrt_tensor_row(v->m, v->ids[i]);
}

const struct dbp_tensor *dbrt_out(const struct dbrt_op_view *v, uint32_t i)
{
	return dbrt_tensor_row(v->m, v->ids[v->op->input_count + i]);
}

const void *dbrt_blob(const struct dbrt_model *m, uint32_t offset,
		      uint64_t bytes, uint32_t align)
{
	uint32_t room = m->section_bytes[DBP_SECTION_DATA];

	if (offset % align || offset > room || bytes > room - offset)
		return NULL;
	return m->file + m->section_offset[DBP_SECTION_DATA] + offset;
}

void *dbrt_data(const struct dbrt_model *m, const struct dbp_tensor *t)
{
	if (t->memory == DBP_IN_ARENA)
		return m->arena ? m->arena + t->offset : NULL;
	/* The public view has one pointer for both. Constants are never
	 * written, because dbrt_open() refuses them as inputs and as outputs
	 * of operators. */
	return (uint8_t *)(uintptr_t)m->file +
	       m->section_offset[DBP_SECTION_DATA] + t->offset;
}

uint32_t dbrt_elements(const struct dbp_tensor *t)
{
	uint32_t n = 1;

	for (uint32_t i = 0; i < t->rank; i++)
		n *= t->dims[i];
	return n;
}

uint32_t dbrt_element_bytes(const struct dbp_tensor *t)
{
	return t->dtype == DBP_S8 ? 1 : 4;
}

int dbrt_is_dense(const struct dbp_tensor *t)
{
	uint32_t last = t->dims[t->rank - 1];

	return t->pitch == last || dbrt_elements(t) == last;
}

/* ---- Binding ---- */

size_t dbrt_arena_bytes(const struct dbrt_model *m, uint32_t workers)
{
	uint64_t bytes;

	if (!is_open(m))
		return 0;
	bytes = dbrt_header(m)->arena_bytes;
	if (workers > 1)
		bytes += (uint64_t)(workers - 1) * dbrt_header(m)->worker_bytes;
	return bytes > SIZE_MAX ? SIZE_MAX : (size_t)bytes;
}

int dbrt_bind_parallel(struct dbrt_model *m, void *arena, size_t arena_bytes,
		       uint32_t workers, dbrt_parallel_for *parallel, void *ctx)
{
	int status = dbrt_open_status(m);

	if (status != DBRT_OK)
		return status;
	if (workers == 0 || (workers > 1 && !parallel))
		return DBRT_ERROR_ARGUMENT;
	if (!arena || arena_bytes < dbrt_arena_bytes(m, workers))
		return DBRT_ERROR_ARENA;
	if ((uintptr_t)arena % DBP_ALIGN)
		return DBRT_ERROR_ALIGNMENT;
	m->arena = arena;
	m->arena_bytes = arena_bytes;
	m->workers = workers;
	m->parallel = parallel;
	m->parallel_ctx = ctx;
	return DBRT_OK;
}

int dbrt_bind(struct dbrt_model *m, void *arena, size_t arena_bytes)
{
	return dbrt_bind_parallel(m, arena, arena_bytes, 1, NULL, NULL);
}

/* ---- Inputs and outputs ---- */

static const struct dbp_io *io_of(const struct dbrt_model *m)
{
	return is_open(m) ? dbrt_section(m, DBP_SECTION_IO) : NULL;
}

uint32_t dbrt_input_count(const struct dbrt_model *m)
{
	const struct dbp_io *io = io_of(m);

	return io ? io->input_count : 0;
}

uint32_t dbrt_output_count(const struct dbrt_model *m)
{
	const struct dbp_io *io = io_of(m);

	return io ? io->output_count : 0;
}

/* The rows of model input or output i; NULL when there is none. */
static const struct dbp_tensor *input_row(const struct dbrt_model *m,
					  uint32_t i)
{
	const struct dbp_io *io = io_of(m);

	if (!io || i >= io->input_count)
		return NULL;
	return dbrt_tensor_row(m, ((const uint32_t *)(io + 1))[i]);
}

static const struct dbp_tensor *output_row(const struct dbrt_model *m,
					   uint32_t i)
{
	const struct dbp_io *io = io_of(m);

	if (!io || i >= io->output_count)
		return NULL;
	return dbrt_tensor_row(
		m, ((const uint32_t *)(io + 1))[io->input_count + i]);
}

/* Why there is no row: the model is not open, or the index is out of range. */
static int no_row(const struct dbrt_model *m)
{
	return is_open(m) ? DBRT_ERROR_ARGUMENT : dbrt_open_status(m);
}

static int fill_tensor(const struct dbrt_model *m, const struct dbp_tensor *row,
		       struct dbrt_tensor *t)
{
	if (!row || !t)
		return no_row(m);
	t->name = dbrt_string(m, row->name);
	t->dtype = (enum dbrt_dtype)row->dtype;
	t->rank = row->rank;
	memcpy(t->dims, row->dims, sizeof(t->dims));
	t->pitch = row->pitch;
	t->scale = row->scale;
	t->zero_point = row->zero_point;
	t->data = dbrt_data(m, row);
	return DBRT_OK;
}

int dbrt_input(const struct dbrt_model *m, uint32_t i, struct dbrt_tensor *t)
{
	return fill_tensor(m, input_row(m, i), t);
}

int dbrt_output(const struct dbrt_model *m, uint32_t i, struct dbrt_tensor *t)
{
	return fill_tensor(m, output_row(m, i), t);
}

/* Boxes are in pixels of the last photo, unless other data has replaced it. */
static void forget_photo(struct dbrt_model *m, uint32_t input)
{
	if (input == 0)
		m->frame.width = 0;
}

int dbrt_set_input(struct dbrt_model *m, uint32_t i, const void *data,
		   size_t bytes)
{
	const struct dbp_tensor *t = input_row(m, i);
	size_t run, stride;
	uint32_t rows;
	uint8_t *to;

	if (!t || !data)
		return no_row(m);
	if (!m->arena)
		return DBRT_ERROR_ARENA;
	if (bytes != (size_t)dbrt_elements(t) * dbrt_element_bytes(t))
		return DBRT_ERROR_INPUT;
	rows = dbrt_elements(t) / t->dims[t->rank - 1];
	run = (size_t)t->dims[t->rank - 1] * dbrt_element_bytes(t);
	stride = (size_t)t->pitch * dbrt_element_bytes(t);
	to = dbrt_data(m, t);
	for (uint32_t r = 0; r < rows; r++)
		memcpy(to + r * stride, (const uint8_t *)data + r * run, run);
	forget_photo(m, i);
	return DBRT_OK;
}

/* Quantizes one row of floats. */
static void set_row(const struct dbp_tensor *t, uint8_t *to, const float *from)
{
	uint32_t n = t->dims[t->rank - 1];

	for (uint32_t i = 0; i < n; i++)
		((int8_t *)to)[i] =
			dbrt_quantize_f32(from[i], t->scale, t->zero_point);
}

int dbrt_set_input_f32(struct dbrt_model *m, uint32_t i, const float *data,
		       size_t count)
{
	const struct dbp_tensor *t = input_row(m, i);
	uint32_t last, rows;
	uint8_t *to;

	if (!t || !data)
		return no_row(m);
	if (count != dbrt_elements(t) || t->dtype == DBP_I32)
		return DBRT_ERROR_INPUT;
	if (t->dtype == DBP_F32)
		return dbrt_set_input(m, i, data, count * sizeof(float));
	if (!m->arena)
		return DBRT_ERROR_ARENA;
	last = t->dims[t->rank - 1];
	rows = dbrt_elements(t) / last;
	to = dbrt_data(m, t);
	for (uint32_t r = 0; r < rows; r++)
		set_row(t, to + (size_t)r * t->pitch, data + (size_t)r * last);
	forget_photo(m, i);
	return DBRT_OK;
}

static float element_f32(const struct dbp_tensor *t, const void *data, size_t i)
{
	if (t->dtype == DBP_F32)
		return ((const float *)data)[i];
	if (t->dtype == DBP_I32)
		return (float)((const int32_t *)data)[i];
	return t->scale * (float)(((const int8_t *)data)[i] - t->zero_point);
}

int dbrt_output_f32(const struct dbrt_model *m, uint32_t i, float *out,
		    size_t count)
{
	const struct dbp_tensor *t = output_row(m, i);
	const void *data;
	uint32_t last;

	if (!t || !out || count != dbrt_elements(t))
		return no_row(m);
	data = dbrt_data(m, t);
	if (!data)
		return DBRT_ERROR_ARENA;
	last = t->dims[t->rank - 1];
	for (size_t e = 0; e < count; e++)
		out[e] = element_f32(t, data, e / last * t->pitch + e % last);
	return DBRT_OK;
}

/* ---- For tools ---- */

void dbrt_set_trace(struct dbrt_model *m, dbrt_trace *trace, void *ctx)
{
	if (!m)
		return;
	m->trace = trace;
	m->trace_ctx = ctx;
}

int dbrt_work(const struct dbrt_model *m, struct dbrt_work *work)
{
	if (!is_open(m) || !work)
		return no_row(m);
	*work = m->work;
	return DBRT_OK;
}

uint32_t dbrt_op_count(const struct dbrt_model *m)
{
	return is_open(m) ? m->op_count : 0;
}

const char *dbrt_op_name(const struct dbrt_model *m, uint32_t op)
{
	if (op >= dbrt_op_count(m))
		return "";
	return dbrt_string(m, dbrt_op_at(m, op).op->name);
}

uint32_t dbrt_op_source(const struct dbrt_model *m, uint32_t op)
{
	return op < dbrt_op_count(m) ? dbrt_op_at(m, op).op->source : 0;
}

const char *dbrt_op_kind(const struct dbrt_model *m, uint32_t op)
{
	if (op >= dbrt_op_count(m))
		return "";
	return dbrt_op_table[dbrt_op_at(m, op).op->kind]->name;
}

int dbrt_op_conv(const struct dbrt_model *m, uint32_t op,
		 struct dbrt_conv_form *form)
{
	struct dbrt_op_view v;

	if (op >= dbrt_op_count(m))
		return 1;
	v = dbrt_op_at(m, op);
	if (v.op->kind != DBP_OP_CONV && v.op->kind != DBP_OP_CONV_TRANSPOSE)
		return 1;
	dbrt_conv_describe(&v, form);
	return 0;
}

int dbrt_op_work(const struct dbrt_model *m, uint32_t op,
		 struct dbrt_work *work)
{
	struct dbrt_op_view v;

	if (op >= dbrt_op_count(m) || !work)
		return no_row(m);
	memset(work, 0, sizeof(*work));
	v = dbrt_op_at(m, op);
	dbrt_work_add_op(work, &v);
	return DBRT_OK;
}

int dbrt_op_outputs(const struct dbrt_model *m, uint32_t op, uint32_t *ids,
		    uint32_t max)
{
	struct dbrt_op_view v;

	if (op >= dbrt_op_count(m) || (!ids && max))
		return no_row(m);
	v = dbrt_op_at(m, op);
	for (uint32_t i = 0; i < v.op->output_count && i < max; i++)
		ids[i] = v.ids[v.op->input_count + i];
	return v.op->output_count;
}

int dbrt_tensor_at(const struct dbrt_model *m, uint32_t id,
		   struct dbrt_tensor *t)
{
	if (!is_open(m) || id >= m->tensor_count)
		return no_row(m);
	return fill_tensor(m, dbrt_tensor_row(m, id), t);
}

/* The makefiles define it from the file VERSION. */
#ifndef DBRT_VERSION
#define DBRT_VERSION "unknown"
#endif

const char *dbrt_version(void)
{
	return DBRT_VERSION;
}

const char *dbrt_status_text(int status)
{
	static const char *const text[] = {
		"ok",
		"bad argument",
		"file is truncated",
		"not a .dbp file",
		"file is of a newer version",
		"checksum mismatch",
		"a field is out of range",
		"memory is not aligned to 64 bytes",
		"arena is missing or too small",
		"not supported by this build",
		"input of the wrong size or type",
		"outputs differ from the golden ones",
		"model has no detection head",
		"the model is coded and must be expanded first",
		"no model is open",
		"over the limits for its memory or its work",
		"cancelled",
	};

	if (status > 0 || status < DBRT_ERROR_CANCELLED)
		return "unknown status";
	return text[-status];
}
