/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/lower/device_model.h"

#include <string.h>
#include <zlib.h>

/* Makes room for `need` entries in a list of the arena. */
static bool grow_list(struct device_model *m, void **list, uint32_t count,
		      uint32_t *capacity, uint64_t need, size_t size)
{
	uint64_t room = *capacity ? *capacity : 64;
	void *larger;

	if (m->failed)
		return false;
	if (need <= *capacity)
		return true;
	while (room < need)
		room *= 2;
	larger = room <= DBP_MAX_BYTES ?
			 arena_array(m->arena, (size_t)room, size) :
			 NULL;
	if (!larger) {
		m->failed = true;
		return false;
	}
	if (count)
		memcpy(larger, *list, count * size);
	*list = larger;
	*capacity = (uint32_t)room;
	return true;
}

int dev_init(struct device_model *m, struct arena *a, struct diag *d)
{
	memset(m, 0, sizeof(*m));
	m->arena = a;
	/* Index 0 must exist even if memory is exhausted later. */
	return grow_list(m, (void **)&m->tensors, 0, &m->tensor_capacity, 1,
			 sizeof(*m->tensors)) ?
		       0 :
		       diag_error(d, "out of memory");
}

uint32_t dev_add_tensor(struct device_model *m, const struct dev_tensor *t)
{
	if (!grow_list(m, (void **)&m->tensors, m->tensor_count,
		       &m->tensor_capacity, (uint64_t)m->tensor_count + 1,
		       sizeof(*t)))
		return 0;
	m->tensors[m->tensor_count] = *t;
	return m->tensor_count++;
}

static void *copy_of(struct device_model *m, const void *data, size_t bytes)
{
	void *copy = arena_alloc(m->arena, bytes);

	if (!copy)
		m->failed = true;
	else if (bytes)
		memcpy(copy, data, bytes);
	return copy;
}

struct dev_op *dev_add_op(struct device_model *m, enum dbp_op_kind kind,
			  const uint32_t *inputs, int input_count,
			  const uint32_t *outputs, int output_count,
			  const void *params, size_t params_bytes)
{
	struct dev_op op = { .kind = kind,
			     .input_count = input_count,
			     .output_count = output_count,
			     .params_bytes = (uint32_t)params_bytes };

	op.inputs = copy_of(m, inputs, (size_t)input_count * sizeof(*inputs));
	if (params_bytes)
		op.params = copy_of(m, params, params_bytes);
	for (int i = 0; i < output_count; i++)
		op.outputs[i] = outputs[i];
	if (!grow_list(m, (void **)&m->ops, m->op_count, &m->op_capacity,
		       (uint64_t)m->op_count + 1, sizeof(op)))
		return &m->spare_op;
	m->ops[m->op_count] = op;
	return &m->ops[m->op_count++];
}

static uint32_t find_blob(const struct device_model *m, const void *data,
			  size_t bytes, uint32_t crc)
{
	for (uint32_t i = 0; i < m->blob_count; i++) {
		const struct dev_blob *b = &m->blobs[i];

		if (b->crc32 == crc && b->bytes == bytes &&
		    !memcmp(m->data + b->offset, data, bytes))
			return b->offset;
	}
	return DBP_NONE;
}

uint32_t dev_add_data(struct device_model *m, const void *data, size_t bytes)
{
	struct dev_blob b = { .offset = m->data_bytes,
			      .bytes = (uint32_t)bytes };
	uint64_t end = (uint64_t)m->data_bytes + bytes;
	uint32_t known;

	if (!data || bytes > DBP_MAX_BYTES) {
		m->failed = true;
		return 0;
	}
	b.crc32 = (uint32_t)crc32_z(0, data, bytes);
	known = find_blob(m, data, bytes, b.crc32);
	if (known != DBP_NONE)
		return known;
	end = (end + DBP_BLOB_ALIGN - 1) / DBP_BLOB_ALIGN * DBP_BLOB_ALIGN;
	if (!grow_list(m, (void **)&m->data, m->data_bytes, &m->data_capacity,
		       end, 1) ||
	    !grow_list(m, (void **)&m->blobs, m->blob_count, &m->blob_capacity,
		       (uint64_t)m->blob_count + 1, sizeof(b)))
		return 0;
	memcpy(m->data + b.offset, data, bytes);
	m->data_bytes = (uint32_t)end;
	m->blobs[m->blob_count++] = b;
	return b.offset;
}

uint32_t dev_element_bytes(enum dbp_dtype t)
{
	return t == DBP_S8 ? 1 : 4;
}

uint32_t dev_row(const struct dev_tensor *t)
{
	return t->dims[t->rank - 1];
}

uint32_t dev_rows(const struct dev_tensor *t)
{
	uint32_t rows = 1;

	for (int i = 0; i < t->rank - 1; i++)
		rows *= t->dims[i];
	return rows;
}

uint32_t dev_elements(const struct dev_tensor *t)
{
	return dev_rows(t) * dev_row(t);
}

uint64_t dev_bytes(const struct dev_tensor *t)
{
	return (uint64_t)dev_elements(t) * dev_element_bytes(t->dtype);
}

bool dev_same_dims(const struct dev_tensor *a, const struct dev_tensor *b)
{
	return a->rank == b->rank &&
	       !memcmp(a->dims, b->dims, (size_t)a->rank * sizeof(*a->dims));
}

bool dev_same_type(const struct dev_tensor *a, const struct dev_tensor *b)
{
	return a->dtype == b->dtype && a->scale == b->scale &&
	       a->zero_point == b->zero_point;
}
