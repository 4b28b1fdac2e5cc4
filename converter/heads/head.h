/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_H
#define DBC_CONVERTER_HEADS_HEAD_H

#include <stdbool.h>

#include "ir/config.h"
#include "base/diag.h"
#include "ir/graph.h"
#include "runtime/dbrt.h"
#include "schemas/dbp.h"

/*
 * What turns a model's outputs into detections or a class, as it stands in
 * the packed file: levels and anchors follow `data`, and an offset a class
 * name, all DBP_NONE here. Elements are counted in the outputs as their
 * author wrote them, in the graph and on the device alike.
 */
struct head {
	struct dbp_head *data; /* NULL: the outputs' meaning is not known */
	size_t bytes;
	const char **names; /* by class, background not counted; NULL: none */
	const char *kind;   /* "YOLOX", "boxes and scores", "classes", ... */
	const char *why;    /* data NULL: what is missing; else NULL */
};

/*
 * Finds the head of a graph whose shapes are known and constants folded, in
 * the author's layout: as the file c->head says, or from the outputs' shapes
 * and from what is computed between the last convolutions and them. -1 only
 * where the file is bad or memory is exhausted. Memory comes from `a`.
 */
int head_find(const struct graph *g, const struct config *c, struct arena *a,
	      struct head *out, struct diag *d);

/* Class names; "" where there is none. */
const char *head_class_name(const struct head *h, uint32_t class_id);
/* Classes without the background. */
uint32_t head_classes(const struct dbp_head *h);

/* ---- For those who build heads ---- */

struct dbp_head_level *head_levels(struct dbp_head *h);
float *head_anchors(struct dbp_head *h); /* width, height pairs */
/* Room for levels, anchors and names; -1 when memory is exhausted. The
 * fields of `from` are taken over. */
int head_new(struct head *out, const struct dbp_head *from, struct arena *a);
/* head_new()'s result stays inside of the graph's outputs. */
bool head_fits(const struct head *h, const struct graph *g);
/* Rows and columns of the picture that the graph takes; false for none. */
bool head_input_size(const struct graph *g, int *height, int *width);
/* Pixels of the input a cell: a whole number where that fits, else the power
 * of two. */
float head_stride(int input, int cells);

/* One of the families that look for faces. */
bool head_is_faces(const struct head *h);
/* A detector's fields with no effect, and the thresholds asked for. */
struct dbp_head head_blank(const struct config *c);

/* The parts of head_find(). */
int head_set_names(const struct graph *g, const char *classes, struct arena *a,
		   struct head *h, struct diag *d);
int head_recognise(const struct graph *g, const struct config *c,
		   struct arena *a, struct head *out, struct diag *d);
/* Only where boxes, objects and scores stand, as levels of `out`, their form
 * still open; data NULL where that cannot be told. */
int head_places(const struct graph *g, const struct config *c, struct arena *a,
		struct head *out, struct diag *d);
int head_read_yaml(const struct graph *g, const struct config *c,
		   const char *path, struct arena *a, struct head *out,
		   struct diag *d);

#endif
