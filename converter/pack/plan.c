/* SPDX-License-Identifier: Apache-2.0 */
/* Plans the memory of tensors: see plan.h. */
#include "converter/pack/plan.h"

#include <stdlib.h>
#include <string.h>

#include "converter/pack/plan_views.h"

/* ---- Lives ---- */

static void live(struct plan *p, uint32_t tensor, uint32_t from, uint32_t to)
{
	struct life *l = &p->life[plan_place(p, tensor).root];

	if (!l->last || from < l->first)
		l->first = from;
	if (to > l->last)
		l->last = to;
}

static void find_lives(struct plan *p)
{
	struct device_model *m = p->m;

	memset(p->life, 0, m->tensor_count * sizeof(*p->life));
	for (uint32_t i = 0; i < m->op_count; i++) {
		const struct dev_op *op = &m->ops[i];

		if (op->dropped)
			continue;
		for (int k = 0; k < op->input_count; k++)
			live(p, op->inputs[k], i + 1, i + 1);
		for (int k = 0; k < op->output_count; k++)
			live(p, op->outputs[k], i + 1, i + 1);
	}
	for (uint32_t i = 0; i < m->input_count; i++)
		live(p, m->inputs[i], 0, 1);
	for (uint32_t i = 0; i < m->output_count; i++)
		live(p, m->outputs[i], m->op_count + 1, m->op_count + 1);
}

/* ---- Offsets ---- */

/* A range of the arena: memory of a tensor, or scratch of an operator. */
struct piece {
	struct life life;
	uint64_t bytes, offset;
	uint32_t *store; /* receives the offset */
	uint32_t index;  /* decides between equals */
};

typedef int order_fn(const void *a, const void *b);

static int by_index(const struct piece *x, const struct piece *y)
{
	return (x->index > y->index) - (x->index < y->index);
}

static int by_size(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return by_index(x, y);
}

static uint64_t area(const struct piece *p)
{
	return p->bytes * (p->life.last - p->life.first + 1);
}

static int by_area(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (area(x) != area(y))
		return area(x) > area(y) ? -1 : 1;
	return by_index(x, y);
}

static int by_length(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	uint32_t m = x->life.last - x->life.first;
	uint32_t n = y->life.last - y->life.first;

	return m != n ? (m > n ? -1 : 1) : by_size(a, b);
}

static int by_first(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->life.first != y->life.first)
		return x->life.first < y->life.first ? -1 : 1;
	return by_size(a, b);
}

static bool meet(const struct piece *a, const struct piece *b)
{
	return a->life.first <= b->life.last && b->life.first <= a->life.last;
}

/* The lowest offset at which piece n overlaps no earlier piece. `sorted` holds
 * the earlier ones, lowest first. */
static uint64_t lowest_gap(const struct piece *list, const uint32_t *sorted,
			   uint32_t n)
{
	uint64_t at = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct piece *q = &list[sorted[i]];

		if (!meet(q, &list[n]))
			continue;
		if (q->offset >= at + list[n].bytes)
			break;
		if (q->offset + q->bytes > at)
			at = q->offset + q->bytes;
	}
	return at;
}

static void insert_piece(const struct piece *list, uint32_t *sorted, uint32_t n)
{
	uint32_t i = n;

	for (; i > 0 && list[sorted[i - 1]].offset > list[n].offset; i--)
		sorted[i] = sorted[i - 1];
	sorted[i] = n;
}

/* Places the pieces in the order of the list; returns the bytes of the arena.
 */
static uint64_t place_all(struct piece *list, uint32_t *sorted, uint32_t count)
{
	uint64_t end = 0;

	for (uint32_t n = 0; n < count; n++) {
		list[n].offset = lowest_gap(list, sorted, n);
		insert_piece(list, sorted, n);
		if (list[n].offset + list[n].bytes > end)
			end = list[n].offset + list[n].bytes;
	}
	return end;
}

static uint32_t list_pieces(struct plan *p, struct piece *list)
{
	struct device_model *m = p->m;
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->tensor_count; i++) {
		struct dev_tensor *t = &m->tensors[i];

		if (t->is_constant || p->views[i].parent != DBP_NONE ||
		    !p->life[i].last)
			continue;
		list[n] = (struct piece){ p->life[i],
					  dbp_align_up(dev_bytes(t)), 0,
					  &t->offset, n };
		n++;
	}
	for (uint32_t i = 0; i < m->op_count; i++) {
		struct dev_op *op = &m->ops[i];

		if (op->dropped || !op->scratch_bytes)
			continue;
		list[n] = (struct piece){ { i + 1, i + 1 },
					  dbp_align_up(op->scratch_bytes),
					  0,
					  &op->scratch,
					  n };
		n++;
	}
	return n;
}

/* The best of a few orders; equal results keep the first. */
static int choose_offsets(struct plan *p, struct diag *d)
{
	static order_fn *const orders[] = { by_size, by_area, by_length,
					    by_first };
	struct device_model *m = p->m;
	size_t room = (size_t)m->tensor_count + m->op_count + 1;
	struct piece *list = calloc(room, sizeof(*list));
	uint32_t *sorted = calloc(room, sizeof(*sorted));
	uint64_t best = UINT64_MAX;
	uint32_t count;

	if (!list || !sorted) {
		free(list);
		free(sorted);
		return diag_error(d, "out of memory");
	}
	count = list_pieces(p, list);
	for (size_t k = 0; k < sizeof(orders) / sizeof(*orders); k++) {
		uint64_t end;

		qsort(list, count, sizeof(*list), orders[k]);
		end = place_all(list, sorted, count);
		if (end >= best)
			continue;
		best = end;
		for (uint32_t i = 0; i < count && end <= DBP_MAX_BYTES; i++)
			*list[i].store = (uint32_t)list[i].offset;
	}
	free(list);
	free(sorted);
	if (count && best > DBP_MAX_BYTES)
		return diag_error(d,
				  "the work buffer would be larger than 2 GB");
	m->arena_bytes = count ? (uint32_t)best : 0;
	return 0;
}

/* ---- Results ---- */

static void store_places(struct plan *p)
{
	struct device_model *m = p->m;

	m->worker_bytes = 0;
	for (uint32_t i = 0; i < m->op_count; i++)
		if (!m->ops[i].dropped &&
		    dbp_align_up(m->ops[i].scratch_bytes) > m->worker_bytes)
			m->worker_bytes =
				(uint32_t)dbp_align_up(m->ops[i].scratch_bytes);
	for (uint32_t i = 0; i < m->tensor_count; i++) {
		struct dev_tensor *t = &m->tensors[i];
		struct plan_place at = plan_place(p, i);

		t->root = at.root;
		t->start = (uint32_t)at.start;
		t->pitch = (uint32_t)at.pitch;
		if (t->is_constant)
			t->offset = t->data;
	}
	for (uint32_t i = 0; i < m->tensor_count; i++) {
		struct dev_tensor *t = &m->tensors[i];

		if (t->root != i)
			t->offset = m->tensors[t->root].offset +
				    t->start * dev_element_bytes(t->dtype);
	}
}

static int plan_init(struct plan *p, struct device_model *m)
{
	*p = (struct plan){ .m = m };
	p->views = calloc((size_t)m->tensor_count + 1, sizeof(*p->views));
	p->life = calloc((size_t)m->tensor_count + 1, sizeof(*p->life));
	for (uint32_t i = 0; p->views && i < m->tensor_count; i++)
		p->views[i].parent = DBP_NONE;
	return p->views && p->life ? 0 : -1;
}

static void plan_free(struct plan *p)
{
	free(p->views);
	free(p->life);
}

int plan_memory(struct device_model *m, struct diag *d)
{
	struct plan p;
	int err = plan_init(&p, m) ? diag_error(d, "out of memory") : 0;

	if (!err) {
		plan_views(&p);
		find_lives(&p);
		plan_in_place(&p);
		find_lives(&p);
		err = choose_offsets(&p, d);
	}
	if (!err)
		store_places(&p);
	plan_free(&p);
	return err;
}

/* As find_lives(), for memory that has been planned. */
static void touch(const struct device_model *m, struct life *lives,
		  uint32_t tensor, uint32_t at)
{
	struct life *l = &lives[m->tensors[tensor].root];

	if (!l->last || at < l->first)
		l->first = at;
	if (at + 1 > l->last)
		l->last = at + 1;
}

uint64_t plan_lower_bound(const struct device_model *m)
{
	struct life *lives =
		calloc((size_t)m->tensor_count + 1, sizeof(*lives));
	int64_t *change = calloc((size_t)m->op_count + 3, sizeof(*change));
	int64_t now = 0, most = 0;

	for (uint32_t i = 0; lives && i < m->op_count; i++) {
		const struct dev_op *op = &m->ops[i];

		for (int k = 0; !op->dropped && k < op->input_count; k++)
			touch(m, lives, op->inputs[k], i + 1);
		for (int k = 0; !op->dropped && k < op->output_count; k++)
			touch(m, lives, op->outputs[k], i + 1);
	}
	for (uint32_t i = 0; lives && i < m->output_count; i++)
		touch(m, lives, m->outputs[i], m->op_count);
	for (uint32_t i = 0; lives && change && i < m->tensor_count; i++) {
		int64_t bytes =
			(int64_t)dbp_align_up(dev_bytes(&m->tensors[i]));

		if (m->tensors[i].is_constant || !lives[i].last)
			continue;
		change[lives[i].first] += bytes;
		change[lives[i].last] -= bytes;
	}
	for (uint32_t i = 0; change && i <= m->op_count; i++) {
		int64_t scratch = 0;

		if (i > 0 && !m->ops[i - 1].dropped)
			scratch = (int64_t)dbp_align_up(
				m->ops[i - 1].scratch_bytes);
		now += change[i];
		most = now + scratch > most ? now + scratch : most;
	}
	free(lives);
	free(change);
	return (uint64_t)most;
}
