/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a planned device model as a packed file: schemas/dbp.md. */
#include "converter/pack/pack.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "converter/lower/lower_scale.h"
#include "converter/pack/pack_describe.h"
#include "runtime/dbrt.h"

#define GOLDEN_SEED 1
#define SECTION_KINDS 12

/* A section as it grows. */
struct bytes {
	uint8_t *data;
	size_t size, capacity;
};

struct packer {
	const struct device_model *m;
	const struct preprocess *p;
	const struct head *head;
	const struct config *c;
	struct arena *arena;
	struct diag *d;
	struct bytes section[SECTION_KINDS];
	uint32_t *tensor_ids; /* in the file, by tensor; DBP_NONE: not there */
	uint32_t *writers;    /* by tensor: the operator, in the file */
	uint32_t tensor_count, op_count;
	bool failed; /* out of memory, seen at the end */
};

/* Appends at a multiple of `align`; the offset. */
static uint32_t append(struct packer *k, int kind, const void *data,
		       size_t bytes, size_t align)
{
	struct bytes *s = &k->section[kind];
	size_t at = (s->size + align - 1) / align * align;

	if (at + bytes > s->capacity) {
		size_t room = 2 * (at + bytes) + 256;
		uint8_t *larger = realloc(s->data, room);

		if (!larger || room > 4 * (size_t)DBP_MAX_BYTES) {
			s->data = larger ? larger : s->data;
			k->failed = true;
			return 0;
		}
		memset(larger + s->size, 0, room - s->size);
		s->data = larger;
		s->capacity = room;
	}
	if (bytes)
		memcpy(s->data + at, data, bytes);
	s->size = at + bytes;
	return (uint32_t)at;
}

static uint32_t add_string(struct packer *k, const char *s)
{
	return s ? append(k, DBP_SECTION_STRINGS, s, strlen(s) + 1, 1) :
		   DBP_NONE;
}

/* ---- Tensors and operators ---- */

/* Operators that are left get their indices; each tensor's writer is the one
 * that made the memory it lies in. */
static void number_operators(struct packer *k)
{
	for (uint32_t i = 0; i < k->m->tensor_count; i++)
		k->writers[i] = DBP_NONE;
	for (uint32_t i = 0; i < k->m->op_count; i++) {
		const struct dev_op *op = &k->m->ops[i];

		if (op->dropped) {
			k->writers[op->outputs[0]] = k->writers[op->inputs[0]];
			continue;
		}
		for (int o = 0; o < op->output_count; o++)
			k->writers[op->outputs[o]] = k->op_count;
		k->op_count++;
	}
}

static void number_tensor(struct packer *k, uint32_t id)
{
	if (k->tensor_ids[id] == DBP_NONE)
		k->tensor_ids[id] = k->tensor_count++;
}

/* In the order in which operators name them, inputs of the model first. */
static void number_tensors(struct packer *k)
{
	const struct device_model *m = k->m;

	for (uint32_t i = 0; i < m->tensor_count; i++)
		k->tensor_ids[i] = DBP_NONE;
	for (uint32_t i = 0; i < m->input_count; i++)
		number_tensor(k, m->inputs[i]);
	for (uint32_t i = 0; i < m->op_count; i++) {
		const struct dev_op *op = &m->ops[i];

		for (int o = 0; !op->dropped && o < op->input_count; o++)
			number_tensor(k, op->inputs[o]);
		for (int o = 0; !op->dropped && o < op->output_count; o++)
			number_tensor(k, op->outputs[o]);
	}
	for (uint32_t i = 0; i < m->output_count; i++)
		number_tensor(k, m->outputs[i]);
}

static uint32_t extent(const struct dev_tensor *t)
{
	uint64_t elements = (uint64_t)(dev_rows(t) - 1) * t->pitch + dev_row(t);

	return (uint32_t)(elements * dev_element_bytes(t->dtype));
}

/* Only what the outside sees has a name: names cost flash. */
static struct dbp_tensor tensor_row(struct packer *k, uint32_t id)
{
	const struct dev_tensor *t = &k->m->tensors[id];
	struct dbp_tensor row = {
		.dtype = (uint8_t)t->dtype,
		.rank = (uint8_t)t->rank,
		.memory = t->is_constant ? DBP_IN_DATA : DBP_IN_ARENA,
		.zero_point = t->zero_point,
		.scale = t->scale,
		.pitch = t->pitch,
		.offset = t->offset,
		.bytes = extent(t),
		.name = DBP_NONE,
		.writer = k->writers[id],
	};

	for (int i = 0; i < DBP_MAX_RANK; i++)
		row.dims[i] = i < t->rank ? t->dims[i] : 1;
	if (t->is_input || t->is_output)
		row.name = add_string(k, t->name);
	return row;
}

static void write_tensors(struct packer *k)
{
	struct dbp_tensor row;

	row = (struct dbp_tensor){ 0 };
	for (uint32_t i = 0; i < k->tensor_count; i++)
		append(k, DBP_SECTION_TENSORS, &row, sizeof(row), 1);
	for (uint32_t i = 0; !k->failed && i < k->m->tensor_count; i++) {
		if (k->tensor_ids[i] == DBP_NONE)
			continue;
		row = tensor_row(k, i);
		memcpy(k->section[DBP_SECTION_TENSORS].data +
			       k->tensor_ids[i] * sizeof(row),
		       &row, sizeof(row));
	}
}

static uint32_t write_ids(struct packer *k, const uint32_t *ids, int count)
{
	uint32_t at = (uint32_t)k->section[DBP_SECTION_PARAMS].size;

	at = append(k, DBP_SECTION_PARAMS, NULL, 0, 4);
	for (int i = 0; i < count; i++)
		append(k, DBP_SECTION_PARAMS, &k->tensor_ids[ids[i]], 4, 4);
	return at;
}

static void write_op(struct packer *k, const struct dev_op *op)
{
	struct dbp_op row = {
		.kind = (uint16_t)op->kind,
		.input_count = (uint8_t)op->input_count,
		.output_count = (uint8_t)op->output_count,
		.params = DBP_NONE,
		.params_bytes = op->params_bytes,
		.scratch = op->scratch_bytes ? op->scratch : 0,
		.scratch_bytes = op->scratch_bytes,
		.name = DBP_NONE,
	};
	const struct value *v = k->m->tensors[op->outputs[0]].value;

	row.source = v ? v->id + 1 : 0;
	if (v && v->quant && quant_per_channel(v->quant))
		row.source |= DBP_SOURCE_UNITS;

	row.tensors = write_ids(k, op->inputs, op->input_count);
	write_ids(k, op->outputs, op->output_count);
	if (op->params_bytes)
		row.params = append(k, DBP_SECTION_PARAMS, op->params,
				    op->params_bytes, 4);
	append(k, DBP_SECTION_OPS, &row, sizeof(row), 1);
}

static void write_io(struct packer *k)
{
	struct dbp_io io = { k->m->input_count, k->m->output_count };

	append(k, DBP_SECTION_IO, &io, sizeof(io), 1);
	for (uint32_t i = 0; i < k->m->input_count; i++)
		append(k, DBP_SECTION_IO, &k->tensor_ids[k->m->inputs[i]], 4,
		       1);
	for (uint32_t i = 0; i < k->m->output_count; i++)
		append(k, DBP_SECTION_IO, &k->tensor_ids[k->m->outputs[i]], 4,
		       1);
}

/* ---- What surrounds the model ---- */

static void write_table(struct packer *k, const struct dev_tensor *input,
			struct dbp_preprocess *out)
{
	int8_t table[3 * 256];
	int n = 0;

	for (int c = 0; c < k->p->channels; c++)
		for (int x = 0; x < 256; x++) {
			float v = ((float)x - k->p->mean[c]) * k->p->scale[c];

			/* divided in float, as floats are quantized */
			table[n++] = scale_code((double)(v / input->scale), 1,
						input->zero_point);
		}
	out->table =
		append(k, DBP_SECTION_DATA, table, (size_t)n, DBP_BLOB_ALIGN);
}

static void write_preprocess(struct packer *k)
{
	static const uint8_t colors[] = { [COLOR_RGB] = DBP_RGB,
					  [COLOR_BGR] = DBP_BGR,
					  [COLOR_GRAY] = DBP_GRAY };
	const struct preprocess *p = k->p;
	const struct dev_tensor *input = &k->m->tensors[k->m->inputs[0]];
	struct dbp_preprocess out = {
		.color = colors[p->color],
		.fit = (uint8_t)preprocess_fit(p->fit),
		.pad_value = (uint8_t)p->pad_value,
		.channels = (uint8_t)p->channels,
		.table = DBP_NONE,
	};

	if (!p->is_image || p->layout != LAYOUT_NHWC || input->rank != 4 ||
	    input->dtype == DBP_I32)
		return;
	for (int i = 0; i < 4; i++) {
		out.mean[i] = i < p->channels ? p->mean[i] : 0;
		out.scale[i] = i < p->channels ? p->scale[i] : 0;
	}
	if (input->dtype == DBP_S8)
		write_table(k, input, &out);
	append(k, DBP_SECTION_PREPROCESS, &out, sizeof(out), 1);
}

/* The outputs are the author's, element by element. */
static void write_head(struct packer *k)
{
	const struct head *h = k->head;
	uint32_t *names;
	uint8_t *copy;

	if (!h || !h->data)
		return;
	copy = arena_alloc(k->arena, h->bytes);
	if (!copy) {
		k->failed = true;
		return;
	}
	memcpy(copy, h->data, h->bytes);
	names = head_name_offsets((struct dbp_head *)(void *)copy);
	for (uint32_t i = 0; i < head_classes(h->data); i++) {
		const char *name = head_class_name(h, i);

		if (*name)
			names[h->data->background + i] =
				append(k, DBP_SECTION_STRINGS, name,
				       strlen(name) + 1, 1);
	}
	append(k, DBP_SECTION_HEAD, copy, h->bytes, 1);
}

static void write_meta(struct packer *k)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "target=%s\nbits=%d\n",
			 k->c->target, k->c->bits);

	if (n > 0 && (size_t)n < sizeof(text))
		append(k, DBP_SECTION_META, text, (size_t)n, 1);
}

static void write_sections(struct packer *k)
{
	struct dbp_golden golden = { GOLDEN_SEED, 0 };

	number_operators(k);
	number_tensors(k);
	append(k, DBP_SECTION_DATA, k->m->data, k->m->data_bytes, 1);
	write_tensors(k);
	for (uint32_t i = 0; i < k->m->op_count; i++)
		if (!k->m->ops[i].dropped)
			write_op(k, &k->m->ops[i]);
	write_io(k);
	write_preprocess(k);
	write_head(k);
	append(k, DBP_SECTION_GOLDEN, &golden, sizeof(golden), 1);
	write_meta(k);
}

/* ---- The file ---- */

static uint32_t crc_of(const void *data, size_t bytes)
{
	return (uint32_t)crc32(0, data, (uInt)bytes);
}

/* Checksums over what is there now. */
static void seal(uint8_t *file)
{
	struct dbp_header *h = (void *)file;
	struct dbp_section *s = (void *)(h + 1);

	for (uint32_t i = 0; i < h->section_count; i++)
		s[i].crc32 = crc_of(file + s[i].offset, s[i].bytes);
	crypto_hash_sha256(h->sha256, file + sizeof(*h),
			   h->total_bytes - sizeof(*h));
	h->header_crc32 = 0;
	h->header_crc32 = crc_of(h, sizeof(*h) + h->section_count * sizeof(*s));
}

static int assemble(struct packer *k, struct packed *out)
{
	uint32_t count = 0;
	size_t at, total;
	struct dbp_header *h;
	struct dbp_section *s;

	for (int i = 0; i < SECTION_KINDS; i++)
		count += k->section[i].size > 0;
	at = total = dbp_align_up(sizeof(*h) + count * sizeof(*s));
	for (int i = 0; i < SECTION_KINDS; i++)
		total = dbp_align_up(total + k->section[i].size);
	if (total > DBP_MAX_BYTES || k->tensor_count > DBP_MAX_TENSORS ||
	    k->op_count > DBP_MAX_OPS)
		return diag_error(k->d, "the packed file would be too large");
	out->bytes = arena_alloc(k->arena, total);
	if (!out->bytes)
		return diag_error(k->d, "out of memory");
	h = (void *)out->bytes;
	s = (void *)(h + 1);
	*h = (struct dbp_header){
		.magic = DBP_MAGIC,
		.major = DBP_MAJOR,
		.minor = DBP_MINOR,
		.section_count = count,
		.arena_bytes = k->m->arena_bytes,
		.worker_bytes = k->m->worker_bytes,
	};
	snprintf(h->tool, sizeof(h->tool), "dbconvert %s", dbrt_version());
	for (int i = 0; i < SECTION_KINDS; i++) {
		const struct bytes *b = &k->section[i];

		if (!b->size)
			continue;
		*s++ = (struct dbp_section){ (uint32_t)i, (uint32_t)at,
					     (uint32_t)b->size, 0 };
		memcpy(out->bytes + at, b->data, b->size);
		at = dbp_align_up(at + b->size);
	}
	h->total_bytes = (uint32_t)at;
	out->size = (uint32_t)at;
	out->arena_bytes = k->m->arena_bytes;
	seal(out->bytes);
	return 0;
}

static struct dbp_golden *golden_of(uint8_t *file)
{
	const struct dbp_header *h = (void *)file;
	const struct dbp_section *s = (const void *)(h + 1);

	while (s->kind != DBP_SECTION_GOLDEN)
		s++;
	return (void *)(file + s->offset);
}

static int broken(struct packer *k, const char *doing, int status)
{
	return diag_error(k->d, "the packed model cannot be %s: %s", doing,
			  dbrt_status_text(status));
}

static int open_in(struct dbrt_model *model, const struct packed *out,
		   void *work, size_t bytes)
{
	int status = dbrt_open(model, out->bytes, out->size);

	return status == DBRT_OK ? dbrt_bind(model, work, bytes) : status;
}

/* The library knows how much work its kernels are. */
static int declare_work(const struct packed *out)
{
	struct dbp_header *h = (void *)out->bytes;
	struct dbrt_model model;
	struct dbrt_work work;
	int status = dbrt_open(&model, out->bytes, out->size);

	if (status == DBRT_OK)
		status = dbrt_work(&model, &work);
	if (status != DBRT_OK)
		return status;
	h->run_steps = work.steps;
	h->run_bytes = work.bytes;
	h->head_steps = work.head_steps;
	seal(out->bytes);
	return DBRT_OK;
}

/* Runs the file once, for its golden hash, and proves it. */
static int write_golden(struct packer *k, struct packed *out)
{
	struct dbp_golden *golden = golden_of(out->bytes);
	struct dbrt_model model;
	void *work;
	int status = declare_work(out);

	if (status != DBRT_OK)
		return broken(k, "opened", status);
	work = aligned_alloc(DBP_ALIGN, dbp_align_up(k->m->arena_bytes + 1));
	if (!work)
		return diag_error(k->d,
				  "out of memory for a work buffer of "
				  "%u bytes",
				  k->m->arena_bytes);
	status = open_in(&model, out, work, k->m->arena_bytes);
	if (status == DBRT_OK)
		status = dbrt_golden_crc32(&model, GOLDEN_SEED, &golden->crc32);
	if (status == DBRT_OK) {
		seal(out->bytes);
		status = open_in(&model, out, work, k->m->arena_bytes);
	}
	if (status == DBRT_OK)
		status = dbrt_selftest(&model);
	free(work);
	return status == DBRT_OK ? 0 : broken(k, "run", status);
}

/* ---- The whole ---- */

static int pack(struct packer *k, struct packed *out)
{
	k->tensor_ids =
		arena_array(k->arena, k->m->tensor_count + 1, sizeof(uint32_t));
	k->writers =
		arena_array(k->arena, k->m->tensor_count + 1, sizeof(uint32_t));
	if (!k->tensor_ids || !k->writers)
		return diag_error(k->d, "out of memory");
	write_sections(k);
	if (k->failed)
		return diag_error(k->d, "out of memory");
	if (assemble(k, out) || write_golden(k, out))
		return -1;
	return pack_describe(k->m, k->tensor_ids, out, k->arena) ?
		       diag_error(k->d, "out of memory") :
		       0;
}

int pack_model(const struct device_model *m, const struct preprocess *p,
	       const struct head *head, const struct config *c, struct arena *a,
	       struct packed *out, struct diag *d)
{
	struct packer k = {
		.m = m, .p = p, .head = head, .c = c, .arena = a, .d = d
	};
	int err;

	*out = (struct packed){ 0 };
	err = pack(&k, out);
	for (int i = 0; i < SECTION_KINDS; i++)
		free(k.section[i].data);
	return err;
}
