/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the file and their values: dbconvert(1) under HEADS. */
#include "converter/heads/head_yaml.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/yaml_file.h"
#include "converter/heads/head_yaml_build.h"

typedef int set_fn(struct head_yaml *r, const yaml_node_t *n, void *to);

struct key {
	const char *name;
	set_fn *set;
	size_t offset;
};

/* Sets each entry of a mapping by its row of the table. */
static int read_map(struct head_yaml *r, const yaml_node_t *map,
		    const struct key *keys, void *to)
{
	yaml_node_t *key, *value;

	if (map->type != YAML_MAPPING_NODE)
		return yaml_error(&r->f, map, r->d,
				  "expected a mapping, 'key: value'");
	for (int i = 0; yaml_entry(&r->f, map, i, &key, &value); i++) {
		const struct key *k = keys;
		const char *name = yaml_text(key);

		while (k->name && (!name || strcmp(k->name, name)))
			k++;
		if (!k->name)
			return yaml_error(&r->f, key, r->d, "unknown key '%s'",
					  name ? name : "");
		if (k->set(r, value, (char *)to + k->offset))
			return -1;
	}
	return 0;
}

/* ---- Values ---- */

static int get_number(struct head_yaml *r, const yaml_node_t *n, double low,
		      double high, double *out)
{
	const char *text = yaml_text(n);

	if (!text || text_to_double(text, out) || *out < low || *out > high)
		return yaml_error(&r->f, n, r->d,
				  "expected a number from %g to %g", low, high);
	return 0;
}

static int set_share(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	double x;

	if (get_number(r, n, 0, 1, &x))
		return -1;
	*(float *)to = (float)x;
	return 0;
}

static int set_power(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	double x;

	if (get_number(r, n, 0, 8, &x))
		return -1;
	*(float *)to = (float)x;
	return 0;
}

static int set_count(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	double x;

	if (get_number(r, n, 0, DBP_MAX_BYTES, &x))
		return -1;
	if (x != (double)(uint32_t)x)
		return yaml_error(&r->f, n, r->d, "expected a whole number");
	*(uint32_t *)to = (uint32_t)x;
	return 0;
}

static int set_flag(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	const char *text = yaml_text(n);

	if (!text || (strcmp(text, "true") && strcmp(text, "false")))
		return yaml_error(&r->f, n, r->d, "expected true or false");
	*(uint8_t *)to = !strcmp(text, "true");
	return 0;
}

static int set_bins(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	double x;

	if (get_number(r, n, 2, DBP_HEAD_MAX_BINS, &x))
		return -1;
	*(uint8_t *)to = (uint8_t)x;
	return 0;
}

/* Two numbers, or one number for both. */
static int get_pair(struct head_yaml *r, const yaml_node_t *n, float *a,
		    float *b)
{
	const yaml_node_t *second = yaml_item(&r->f, n, 1);
	const yaml_node_t *first = yaml_item(&r->f, n, 0);
	double x, y;

	first = first ? first : n;
	second = second ? second : first;
	if (n->type == YAML_SEQUENCE_NODE && yaml_item(&r->f, n, 2))
		return yaml_error(&r->f, n, r->d, "expected two numbers");
	if (get_number(r, first, 1e-6, 1e6, &x) ||
	    get_number(r, second, 1e-6, 1e6, &y))
		return -1;
	*a = (float)x;
	*b = (float)y;
	return 0;
}

static int set_variances(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	struct dbp_head *h = to;

	return get_pair(r, n, &h->center_variance, &h->size_variance);
}

static int set_offset(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	double x;

	(void)to;
	if (get_number(r, n, -1e3, 1e3, &x))
		return -1;
	r->has_offset = true;
	r->offset = (float)x;
	return 0;
}

static const char *const activations[] = {
	[DBP_ACT_NONE] = "none",
	[DBP_ACT_SIGMOID] = "sigmoid",
	[DBP_ACT_SOFTMAX] = "softmax",
};

static int not_a_choice(struct head_yaml *r, const yaml_node_t *n,
			const char *const *choices, int count)
{
	const char *text = yaml_text(n);
	char list[128] = "";
	size_t length = 0;

	for (int i = 0; i < count && length < sizeof(list); i++)
		length += (size_t)snprintf(list + length, sizeof(list) - length,
					   "%s%s", i ? ", " : "", choices[i]);
	yaml_error(&r->f, n, r->d, "'%s' is not a valid value",
		   text ? text : "");
	diag_hint(r->d, "expected one of %s", list);
	return -1;
}

static int set_choice(struct head_yaml *r, const yaml_node_t *n,
		      const char *const *choices, int count, uint8_t *to)
{
	const char *text = yaml_text(n);

	for (int i = 0; text && i < count; i++)
		if (!strcmp(text, choices[i])) {
			*to = (uint8_t)i;
			return 0;
		}
	return not_a_choice(r, n, choices, count);
}

static int set_form(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	r->has_form = true;
	return set_choice(r, n, head_box_forms, DBP_BOX_FORMS, to);
}

static int set_activation(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	return set_choice(r, n, activations, 3, to);
}

/* ---- Parts and levels ---- */

static int set_output(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	const char *name = yaml_text(n);

	for (int i = 0; name && i < r->g->output_count; i++)
		if (!strcmp(r->g->outputs[i]->name, name)) {
			*(uint32_t *)to = (uint32_t)i;
			return 0;
		}
	return yaml_error(&r->f, n, r->d, "the model has no output '%s'",
			  name ? name : "");
}

#define PART(member) offsetof(struct dbp_head_part, member)
static int set_part(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	static const struct key keys[] = {
		{ "output", set_output, PART(output) },
		{ "first", set_count, PART(first) },
		{ "cell", set_count, PART(cell) },
		{ "anchor", set_count, PART(anchor) },
		{ "field", set_count, PART(field) },
		{ 0 },
	};

	*(struct dbp_head_part *)to = (struct dbp_head_part){ .field = 1 };
	return read_map(r, n, keys, to);
}

static int set_grid(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	struct head_yaml_level *l = to;
	const yaml_node_t *w = yaml_item(&r->f, n, 0);
	const yaml_node_t *h = yaml_item(&r->f, n, 1);

	if (!w || !h)
		return yaml_error(&r->f, n, r->d, "expected [columns, rows]");
	l->has_grid = true;
	return set_count(r, w, &l->level.columns) ||
			       set_count(r, h, &l->level.rows) ?
		       -1 :
		       0;
}

static int set_stride(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	struct head_yaml_level *l = to;

	l->has_stride = true;
	return get_pair(r, n, &l->level.stride_x, &l->level.stride_y);
}

static int set_anchors(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	struct head_yaml_level *l = to;
	const yaml_node_t *pair;

	if (n->type != YAML_SEQUENCE_NODE)
		return yaml_error(&r->f, n, r->d,
				  "expected [[width, height], ...]");
	while ((pair = yaml_item(&r->f, n, (int)l->anchor_count))) {
		if (l->anchor_count == HEAD_YAML_MAX_ANCHORS)
			return yaml_error(&r->f, n, r->d,
					  "more than %d anchors",
					  HEAD_YAML_MAX_ANCHORS);
		if (get_pair(r, pair, &l->anchors[2 * l->anchor_count],
			     &l->anchors[2 * l->anchor_count + 1]))
			return -1;
		l->anchor_count++;
	}
	return 0;
}

static int set_box(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	struct head_yaml_level *l = to;

	l->has_box = true;
	return set_part(r, n, &l->level.box);
}

#define SPEC(member) offsetof(struct head_yaml_level, member)
static int set_levels(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	static const struct key keys[] = {
		{ "grid", set_grid, 0 },
		{ "stride", set_stride, 0 },
		{ "anchors", set_anchors, 0 },
		{ "box", set_box, 0 },
		{ "score", set_part, SPEC(level.score) },
		{ "object", set_part, SPEC(level.object) },
		{ 0 },
	};
	const yaml_node_t *item;

	(void)to;
	while ((item = yaml_item(&r->f, n, (int)r->level_count))) {
		struct head_yaml_level *l = &r->levels[r->level_count];

		if (r->level_count == DBP_HEAD_MAX_LEVELS)
			return yaml_error(&r->f, n, r->d, "more than %d levels",
					  DBP_HEAD_MAX_LEVELS);
		r->level_count++;
		l->at = item;
		l->level.object.output = l->level.score.output = DBP_NONE;
		if (read_map(r, item, keys, l))
			return -1;
	}
	return 0;
}

static int set_classes(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	const char **names = arena_array(r->arena, 65536, sizeof(*names));
	const yaml_node_t *item;
	uint32_t count = 0;

	(void)to;
	if (!names)
		return diag_error(r->d, "out of memory");
	while (count < 65535 && (item = yaml_item(&r->f, n, (int)count))) {
		if (!yaml_text(item))
			return yaml_error(&r->f, item, r->d, "expected a name");
		names[count] = arena_strdup(r->arena, yaml_text(item));
		if (!names[count++])
			return diag_error(r->d, "out of memory");
	}
	if (!count)
		return yaml_error(&r->f, n, r->d, "expected a list of names");
	r->out->names = names;
	r->head.class_count = count;
	return 0;
}

/* ---- The whole ---- */

#define HEAD(member) offsetof(struct dbp_head, member)
static int set_acts(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	static const struct key keys[] = {
		{ "box", set_activation, HEAD(box_act) },
		{ "object", set_activation, HEAD(object_act) },
		{ "class", set_activation, HEAD(class_act) },
		{ 0 },
	};

	return read_map(r, n, keys, to);
}

static int set_powers(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	static const struct key keys[] = {
		{ "object", set_power, HEAD(object_power) },
		{ "class", set_power, HEAD(class_power) },
		{ 0 },
	};

	return read_map(r, n, keys, to);
}

static int read_spec(struct head_yaml *r)
{
	static const struct key keys[] = {
		{ "boxes", set_form, HEAD(box_form) },
		{ "normalized", set_flag, HEAD(normalized) },
		{ "background", set_flag, HEAD(background) },
		{ "activation", set_acts, 0 },
		{ "power", set_powers, 0 },
		{ "variances", set_variances, 0 },
		{ "offset", set_offset, 0 },
		{ "bins", set_bins, HEAD(bins) },
		{ "threshold", set_share, HEAD(score_threshold) },
		{ "nms", set_share, HEAD(nms_iou) },
		{ "classes", set_classes, 0 },
		{ "levels", set_levels, 0 },
		{ 0 },
	};
	const yaml_node_t *root = yaml_file_root(&r->f);

	return root ? read_map(r, root, keys, &r->head) :
		      diag_error(r->d, "%s: is empty", r->f.name);
}

static int read_head(struct head_yaml *r, const struct config *c)
{
	if (read_spec(r))
		return -1;
	if (!r->has_form)
		return diag_error(r->d,
				  "%s: key 'boxes', the form of the boxes, is "
				  "missing",
				  r->f.name);
	/* the command line overrides the file */
	if (c->score_threshold >= 0)
		r->head.score_threshold = c->score_threshold;
	if (c->nms_iou >= 0)
		r->head.nms_iou = c->nms_iou;
	return head_yaml_build(r, c);
}

int head_read_yaml(const struct graph *g, const struct config *c,
		   const char *path, struct arena *a, struct head *out,
		   struct diag *d)
{
	struct head_yaml *r = arena_array(a, 1, sizeof(*r));
	int err;

	if (!r)
		return diag_error(d, "out of memory");
	r->g = g;
	r->arena = a;
	r->d = d;
	r->out = out;
	r->head = head_blank(c);
	if (yaml_file_read(&r->f, path, d))
		return -1;
	err = read_head(r, c);
	yaml_file_close(&r->f);
	if (err)
		out->data = NULL;
	return err;
}
