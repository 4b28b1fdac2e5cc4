/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/emit/data_arrays.h"

#include <stddef.h>
#include <stdlib.h>

/* Fields of parameters that are offsets in the data section. */
struct field {
	uint16_t kind, at;
	const char *what;
};

#define CONV(kind, member, what)                                        \
	{                                                               \
		kind, (uint16_t)offsetof(struct dbp_conv, member), what \
	}
#define CONV_FIELDS(kind)                                                 \
	CONV(kind, weights, "weights"), CONV(kind, levels, "levels"),     \
		CONV(kind, bias, "bias"),                                 \
		CONV(kind, multiplier, "multiplier"),                     \
		CONV(kind, shift, "shift"),                               \
		CONV(kind, multiplier2, "multiplier2"),                   \
		CONV(kind, shift2, "shift2"), CONV(kind, table, "table"), \
		CONV(kind, float_scale, "float_scale")

static const struct field fields[] = {
	CONV_FIELDS(DBP_OP_CONV),
	CONV_FIELDS(DBP_OP_CONV_TRANSPOSE),
	{ DBP_OP_TABLE, offsetof(struct dbp_table, table), "table" },
	{ DBP_OP_ADD_CHANNELS, offsetof(struct dbp_add_channels, multipliers),
	  "multipliers" },
	{ DBP_OP_GATHER, offsetof(struct dbp_gather, indices), "indices" },
	{ DBP_OP_RESIZE, offsetof(struct dbp_resize, rows), "rows" },
	{ DBP_OP_RESIZE, offsetof(struct dbp_resize, columns), "columns" },
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static const void *section_of(const struct packed_file *f, int kind)
{
	const struct dbp_section *s = packed_file_section(f, kind);

	return s ? f->bytes + s->offset : NULL;
}

static void add(struct data_array *list, int *n, uint32_t offset,
		uint32_t owner, const char *what)
{
	if (offset != DBP_NONE)
		list[(*n)++] = (struct data_array){ offset, 0, owner, what };
}

static void add_op(const struct packed_file *f, uint32_t op,
		   struct data_array *list, int *n)
{
	const struct dbp_op *row =
		(const struct dbp_op *)section_of(f, DBP_SECTION_OPS) + op;
	const uint8_t *params = section_of(f, DBP_SECTION_PARAMS);

	for (size_t i = 0; i < FIELDS && row->params != DBP_NONE; i++)
		if (fields[i].kind == row->kind)
			add(list, n,
			    *(const uint32_t *)(const void *)(params +
							      row->params +
							      fields[i].at),
			    op, fields[i].what);
}

static int by_offset(const void *pa, const void *pb)
{
	const struct data_array *a = pa, *b = pb;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return a->owner < b->owner ? -1 : a->owner > b->owner;
}

/* Keeps the first array at each offset, inside of `bytes`, and gives each the
 * bytes up to the next. */
static int cut(struct data_array *list, int n, uint32_t bytes)
{
	int kept = 0;

	for (int i = 0; i < n; i++)
		if (list[i].offset < bytes &&
		    (!kept || list[i].offset != list[kept - 1].offset))
			list[kept++] = list[i];
	for (int i = 0; i < kept; i++)
		list[i].bytes = (i + 1 < kept ? list[i + 1].offset : bytes) -
				list[i].offset;
	return kept;
}

int data_arrays(const struct packed_file *f, struct arena *a,
		struct data_array **list)
{
	const struct dbp_section *data =
		packed_file_section(f, DBP_SECTION_DATA);
	const struct dbp_preprocess *p = section_of(f, DBP_SECTION_PREPROCESS);
	const struct dbp_tensor *t = section_of(f, DBP_SECTION_TENSORS);
	uint32_t tensors = f->model.tensor_count, ops = f->model.op_count;
	int n = 0;

	*list = arena_array(a, FIELDS * ops + tensors + 2, sizeof(**list));
	if (!*list)
		return -1;
	if (!data)
		return 0;
	for (uint32_t i = 0; i < ops; i++)
		add_op(f, i, *list, &n);
	if (p)
		add(*list, &n, p->table, DBP_NONE, "preprocessing");
	for (uint32_t i = 0; i < tensors; i++)
		if (t[i].memory == DBP_IN_DATA)
			add(*list, &n, t[i].offset, i, "constant");
	add(*list, &n, 0, DBP_NONE, "unused"); /* sorts behind the others */
	qsort(*list, (size_t)n, sizeof(**list), by_offset);
	return cut(*list, n, data->bytes);
}
