/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/head_models.h"

#include <stdbool.h>
#include <string.h>

#include "tests/support/dbp_builder.h"

/* A photo's numbers, 216 of them, as rows of a candidate each. */
#define PHOTO_ROWS 8
#define PHOTO_COLUMNS 9
#define NUMBERS (PHOTO_ROWS * PHOTO_COLUMNS * 3)
#define BOX_COLUMNS 8  /* a box, an object, three classes */
#define BIN_COLUMNS 18 /* four distances of three bins, an object, five */

struct form {
	uint8_t box_form, box_act, object_act, class_act, bins;
	uint8_t anchors; /* 0: strides; else so many a cell */
	uint8_t normalized, background;
	uint8_t color, fit, channels, codes; /* of the photo */
	uint8_t flags, points; /* a point lies where its box does */
};

static const struct form forms[] = {
	{ DBP_BOX_CORNERS, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0 },
	{ DBP_BOX_CORNERS, 0, 1, 1, 0, 0, 0, 1, 1, 1, 3, 1, 0, 0 },
	{ DBP_BOX_CENTER, 0, 0, 1, 0, 0, 1, 0, 0, 2, 3, 0, 0, 0 },
	{ DBP_BOX_CENTER, 0, 0, 2, 0, 0, 0, 1, 1, 1, 3, 1, 0, 0 },
	{ DBP_BOX_PRIOR, 0, 1, 0, 0, 0, 0, 0, 1, 0, 3, 0, 0, 0 },
	{ DBP_BOX_PRIOR, 0, 0, 2, 0, 3, 0, 1, 0, 0, 3, 1, 0, 0 },
	{ DBP_BOX_DISTANCE, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 1, 0, 0 },
	{ DBP_BOX_DISTANCE, 0, 1, 1, 3, 0, 0, 0, 1, 1, 3, 0, 0, 0 },
	{ DBP_BOX_SQUARE, 1, 1, 1, 0, 3, 0, 0, 0, 1, 3, 0, 0, 0 },
	{ DBP_BOX_SQUARE, 0, 1, 0, 0, 3, 0, 0, 1, 0, 3, 1, 0, 0 },
	{ DBP_BOX_TANH, 0, 0, 2, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0 },
	{ DBP_BOX_TANH, 0, 1, 1, 0, 0, 0, 0, 1, 2, 3, 1, 0, 0 },
	{ DBP_BOX_OFFSET, 0, 1, 1, 0, 3, 0, 0, 0, 2, 3, 1, 15, 2 },
	{ DBP_BOX_OFFSET, 0, 0, 0, 0, 0, 0, 0, 1, 1, 3, 0, 13, 1 },
	{ DBP_BOX_EXPONENTIAL, 1, 1, 1, 0, 3, 0, 0, 0, 0, 3, 0, 2, 0 },
	{ DBP_BOX_CORNER_OFFSETS, 0, 0, 2, 0, 3, 0, 1, 0, 0, 3, 1, 10, 2 },
	/* gray; DBP_BOX_FORMS: a classifier */
	{ DBP_BOX_CORNERS, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1, 0, 0, 0 },
	{ DBP_BOX_FORMS, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1, 0, 0 },
	{ DBP_BOX_FORMS, 0, 0, 2, 0, 0, 0, 1, 0, 1, 3, 0, 0, 0 },
};

static uint32_t columns_of(const struct form *f)
{
	return f->bins ? BIN_COLUMNS : BOX_COLUMNS;
}

static uint32_t classes_of(const struct form *f)
{
	if (f->box_form == DBP_BOX_FORMS)
		return NUMBERS / 3 * f->channels;
	return f->bins ? 5 : 3;
}

static struct dbp_head_level level_of(const struct form *f)
{
	uint32_t columns = columns_of(f), anchors = f->anchors ? 3 : 1;
	uint32_t cells = NUMBERS / 3 * f->channels / columns / anchors;
	uint32_t object = columns - classes_of(f) - 1;
	struct dbp_head_part part = { 0, 0, columns * anchors, columns, 1 };
	struct dbp_head_level l = { .columns = cells,
				    .rows = 1,
				    .anchors = anchors,
				    .first_anchor = f->anchors ? 0 : DBP_NONE,
				    .stride_x = 4,
				    .stride_y = 2,
				    .offset = 0.5f,
				    .box = part,
				    .object = part,
				    .score = part };

	l.object.first = object;
	l.score.first = object + 1;
	if (f->class_act == 2)
		l.object.output = DBP_NONE;
	return l;
}

static void set_head(struct dbp_builder *b, const struct form *f)
{
	const float anchors[] = { 3, 4, 8, 5, 9, 12, -2, 1, 6, 6, 4, 2 };
	uint32_t numbers = f->flags & DBP_HEAD_ANCHOR_CENTERS ? 4 : 2;
	bool classifier = f->box_form == DBP_BOX_FORMS;
	uint32_t classes = classes_of(f); /* background included */
	struct dbp_head_level level = level_of(f);
	struct dbp_head h = { .kind = classifier ? DBP_HEAD_CLASSIFIER :
						   DBP_HEAD_DETECTOR,
			      .box_form = classifier ? 0 : f->box_form,
			      .normalized = f->normalized,
			      .background = f->background,
			      .box_act = f->box_act,
			      .object_act = f->object_act,
			      .class_act = f->class_act,
			      .bins = f->bins,
			      .class_count = classes,
			      .level_count = !classifier,
			      .anchor_count = f->anchors ? 3 : 0,
			      .score_threshold = 0.1f,
			      .nms_iou = 0.5f,
			      .object_power = 0.5f,
			      .class_power = 1,
			      .center_variance = 0.1f,
			      .size_variance = 0.2f,
			      .flags = f->flags,
			      .point_count = f->points,
			      .point_fields = f->points ? 2 : 0,
			      .point_form = f->points,
			      .point_scale = f->points ? 0.5f : 0 };
	struct dbp_head_level_more more = { level.box, level.box };
	uint8_t bytes[2048] = { 0 };
	size_t n = sizeof(h);

	memcpy(bytes, &h, n);
	if (!classifier) {
		memcpy(bytes + n, &level, sizeof(level));
		n += sizeof(level);
	}
	if (f->anchors) {
		memcpy(bytes + n, anchors, 3 * numbers * sizeof(float));
		n += 3 * numbers * sizeof(float);
	}
	for (uint32_t i = 0; i < classes; i++, n += 4) {
		uint32_t name = i % 2 ? dbp_add_string(b, "cat") : DBP_NONE;

		memcpy(bytes + n, &name, sizeof(name));
	}
	if (!f->points)
		more.points.output = DBP_NONE;
	if (f->flags & DBP_HEAD_MORE_PARTS) {
		memcpy(bytes + n, &more, sizeof(more));
		n += sizeof(more);
	}
	dbp_set_section(b, DBP_SECTION_HEAD, bytes, n);
}

static void set_preprocess(struct dbp_builder *b, const struct form *f)
{
	int8_t table[3 * 256];
	struct dbp_preprocess p = { .color = f->color,
				    .fit = f->fit,
				    .pad_value = 114,
				    .channels = f->channels,
				    .mean = { 100, 110, 120 },
				    .scale = { 0.02f, 0.02f, 0.02f },
				    .table = DBP_NONE };

	for (int i = 0; i < 3 * 256; i++)
		table[i] = (int8_t)(i % 256 - 128);
	if (f->codes)
		p.table = dbp_add_data(b, table, 256u * f->channels);
	dbp_set_section(b, DBP_SECTION_PREPROCESS, &p, sizeof(p));
}

/* Codes become floats before they take the shape of the candidates. */
static void add_operators(struct dbp_builder *b, const struct form *f)
{
	const uint32_t photo[] = { 1, PHOTO_ROWS, PHOTO_COLUMNS, f->channels };
	uint32_t numbers = NUMBERS / 3 * f->channels;
	bool classifier = f->box_form == DBP_BOX_FORMS;
	const uint32_t rows[] = {
		1, classifier ? numbers : numbers / columns_of(f), columns_of(f)
	};
	uint32_t x = dbp_add_tensor(b, f->codes ? DBP_S8 : DBP_F32, 4, photo,
				    f->codes ? 0.05f : 0, f->codes ? -3 : 0);
	uint32_t real = x, y;

	dbp_add_input(b, x);
	if (f->codes) {
		real = dbp_add_tensor(b, DBP_F32, 4, photo, 0, 0);
		dbp_add_op(b, DBP_OP_DEQUANTIZE, &x, 1, &real, 1, NULL, 0, 0);
	}
	y = dbp_add_tensor(b, DBP_F32, classifier ? 2 : 3, rows, 0, 0);
	dbp_add_output(b, y);
	dbp_add_op(b, DBP_OP_COPY, &real, 1, &y, 1, NULL, 0, 0);
}

uint8_t *head_model(uint32_t i, size_t *bytes)
{
	const struct form *f = &forms[i];
	struct dbp_builder b;
	uint8_t *file;

	if (i >= sizeof(forms) / sizeof(*forms))
		return NULL;
	dbp_builder_init(&b);
	add_operators(&b, f);
	set_preprocess(&b, f);
	set_head(&b, f);
	file = dbp_builder_finish(&b, bytes);
	dbp_builder_free(&b);
	return file;
}
