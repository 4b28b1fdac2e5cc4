/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the file and their values: dbconvert(1) under HEADS. */
#include "converter/heads/head_yaml.h"

#include <stddef.h>
#include <string.h>

#include "converter/heads/head_families.h"
#include "converter/heads/head_yaml_level.h"

#define MAX_CLASSES 65535

static int set_bins(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	double x;

	if (head_yaml_number(r, n, 2, DBP_HEAD_MAX_BINS, &x))
		return -1;
	*(uint8_t *)to = (uint8_t)x;
	return 0;
}

static int set_variances(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	struct dbp_head *h = to;

	return head_yaml_pair(r, n, &h->center_variance, &h->size_variance);
}

static int set_offset(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	double x;

	(void)to;
	if (head_yaml_number(r, n, -1e3, 1e3, &x))
		return -1;
	r->has_offset = true;
	r->offset = (float)x;
	return 0;
}

const char *const head_activations[] = {
	[DBP_ACT_NONE] = "none",
	[DBP_ACT_SIGMOID] = "sigmoid",
	[DBP_ACT_SOFTMAX] = "softmax",
};

static int set_form(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	r->has_form = true;
	return head_yaml_choice(r, n, head_box_forms, DBP_BOX_FORMS, to);
}

static int set_family(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	const char *name = yaml_text(n);

	(void)to;
	r->out->family = name ? head_family_named(name) : NULL;
	if (r->out->family)
		return 0;
	yaml_error(&r->f, n, r->d, "expected the name of a family of heads");
	diag_hint(r->d, "it gives the usual preprocessing; inspect --head "
			"prints it where the head is recognised");
	return -1;
}

static int set_activation(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	return head_yaml_choice(r, n, head_activations, 3, to);
}

static int set_order(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	static const char *const orders[] = { "xy", "yx" };
	uint8_t y_first = 0, *flags = to;

	if (head_yaml_choice(r, n, orders, 2, &y_first))
		return -1;
	*flags = (uint8_t)(y_first ? *flags | DBP_HEAD_Y_FIRST :
				     *flags & ~DBP_HEAD_Y_FIRST);
	return 0;
}

static int set_peaks(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	uint8_t peaks = 0, *flags = to;

	if (head_yaml_flag(r, n, &peaks))
		return -1;
	*flags = (uint8_t)(peaks ? *flags | DBP_HEAD_PEAKS :
				   *flags & ~DBP_HEAD_PEAKS);
	return 0;
}

/* ---- Classes ---- */

/* `classes: 80`, without names. */
static int set_class_count(struct head_yaml *r, const yaml_node_t *n)
{
	double x;

	if (head_yaml_number(r, n, 1, MAX_CLASSES, &x))
		return -1;
	r->head.class_count = (uint32_t)x;
	return 0;
}

static int set_classes(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	const char **names;
	const yaml_node_t *item;
	uint32_t count = 0;

	(void)to;
	if (yaml_text(n))
		return set_class_count(r, n);
	names = arena_array(r->arena, MAX_CLASSES + 1, sizeof(*names));
	if (!names)
		return diag_error(r->d, "out of memory");
	while (count < MAX_CLASSES &&
	       (item = yaml_item(&r->f, n, (int)count))) {
		if (!yaml_text(item))
			return yaml_error(&r->f, item, r->d, "expected a name");
		names[count] = arena_strdup(r->arena, yaml_text(item));
		if (!names[count++])
			return diag_error(r->d, "out of memory");
	}
	if (!count)
		return yaml_error(&r->f, n, r->d,
				  "expected a list of names, or their number");
	r->out->names = names;
	r->head.class_count = count;
	return 0;
}

/* ---- Key points ---- */

static int set_point_form(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	return head_yaml_choice(r, n, head_point_forms, DBP_POINT_FORMS, to);
}

static int set_point_scale(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	double x;

	if (head_yaml_number(r, n, 1e-6, 1e6, &x))
		return -1;
	*(float *)to = (float)x;
	return 0;
}

#define HEAD(member) offsetof(struct dbp_head, member)
static int set_points(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	static const struct head_yaml_key keys[] = {
		{ "count", head_yaml_small, HEAD(point_count) },
		{ "fields", head_yaml_small, HEAD(point_fields) },
		{ "form", set_point_form, HEAD(point_form) },
		{ "scale", set_point_scale, HEAD(point_scale) },
		{ 0 },
	};
	struct dbp_head *h = to;

	h->point_fields = 2;
	h->point_scale = 1;
	h->point_form = DBP_POINT_FORMS;
	if (head_yaml_map(r, n, keys, h))
		return -1;
	if (h->point_count < 1 || h->point_count > DBP_HEAD_MAX_POINTS)
		return yaml_error(&r->f, n, r->d,
				  "key 'count' of the points is missing, or "
				  "over %d",
				  DBP_HEAD_MAX_POINTS);
	if (h->point_fields < 2)
		return yaml_error(&r->f, n, r->d,
				  "key 'fields' of the points: a point has 2 "
				  "numbers or more");
	if (h->point_form == DBP_POINT_FORMS)
		return yaml_error(&r->f, n, r->d,
				  "key 'form' of the points is missing");
	return 0;
}

/* ---- The whole ---- */

static int set_acts(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	static const struct head_yaml_key keys[] = {
		{ "box", set_activation, HEAD(box_act) },
		{ "object", set_activation, HEAD(object_act) },
		{ "class", set_activation, HEAD(class_act) },
		{ 0 },
	};

	return head_yaml_map(r, n, keys, to);
}

static int set_powers(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	static const struct head_yaml_key keys[] = {
		{ "object", head_yaml_power, HEAD(object_power) },
		{ "class", head_yaml_power, HEAD(class_power) },
		{ 0 },
	};

	return head_yaml_map(r, n, keys, to);
}

/* The output of a classifier. */
static int set_scores(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	r->head.kind = DBP_HEAD_CLASSIFIER;
	r->has_form = true;
	return head_yaml_output(r, n, to);
}

static int read_spec(struct head_yaml *r)
{
	static const struct head_yaml_key keys[] = {
		{ "family", set_family, 0 },
		{ "boxes", set_form, HEAD(box_form) },
		{ "scores", set_scores, HEAD(scores_output) },
		{ "normalized", head_yaml_flag, HEAD(normalized) },
		{ "order", set_order, HEAD(flags) },
		{ "background", head_yaml_flag, HEAD(background) },
		{ "peaks", set_peaks, HEAD(flags) },
		{ "activation", set_acts, 0 },
		{ "power", set_powers, 0 },
		{ "variances", set_variances, 0 },
		{ "offset", set_offset, 0 },
		{ "bins", set_bins, HEAD(bins) },
		{ "points", set_points, 0 },
		{ "threshold", head_yaml_share, HEAD(score_threshold) },
		{ "nms", head_yaml_share, HEAD(nms_iou) },
		{ "classes", set_classes, 0 },
		{ "levels", head_yaml_levels, 0 },
		{ 0 },
	};
	const yaml_node_t *root = yaml_file_root(&r->f);

	return root ? head_yaml_map(r, root, keys, &r->head) :
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
