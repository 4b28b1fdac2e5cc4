/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_H
#define DBC_CONVERTER_HEADS_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "ir/config.h"
#include "ir/graph.h"
#include "runtime/dbrt.h"
#include "schemas/dbp.h"

/*
 * How the outputs of a model are decoded to detections or a class, in the
 * form of the packed file: `data` is followed by its levels, its anchors, one
 * offset for each class name, which is DBP_NONE here, and more parts. Parts
 * count elements in the outputs as the author of the model wrote them; the
 * device keeps that order.
 */
struct head {
	struct dbp_head *data; /* NULL: the outputs are not understood */
	size_t bytes;
	const char **names; /* by class without background; NULL: none */
	const char *kind;   /* "YOLOX", "boxes and scores", "classes", ... */
	const struct head_family *family; /* NULL: none is known */
	const char *why; /* data NULL: what is missing; else NULL */
	/* What a graph that normalises its photos leaves to do; NULL: it does
	 * not, or what it leaves cannot be told. */
	const struct usual_preprocess *left;
};

/* Number of classes without the background. */
uint32_t head_classes(const struct dbp_head *h);
/* The preprocessing that the graph leaves to do, else the usual one of the
 * head's family; NULL: there is none. */
const struct usual_preprocess *head_preprocess(const struct head *h);
/* Number i of those that heads have, each once, with the name of the first
 * family; NULL past the end. */
const struct usual_preprocess *head_preprocess_at(int i, const char **family);
/* Name of a class; "" where there is none. */
const char *head_class_name(const struct head *h, uint32_t class_id);

struct dbp_head_level *head_levels(struct dbp_head *h);
/* Floats of an anchor: width and height in pixels, or before these its place
 * from the cell's point. */
uint32_t head_anchor_numbers(const struct dbp_head *h);
float *head_anchors(struct dbp_head *h);
/* An offset of each class name. */
uint32_t *head_name_offsets(struct dbp_head *h);
/* More parts, one for each level; NULL: there are none. */
struct dbp_head_level_more *head_more(struct dbp_head *h);

/* Allocates `data` with room for levels, anchors, names and more parts, and
 * copies the fields of `from`; -1 when memory is exhausted. */
int head_new(struct head *out, const struct dbp_head *from, struct arena *a);
/* A detector whose fields have no effect, with the thresholds of the config. */
struct dbp_head head_blank(const struct config *c);
/* Whether all parts of the head lie inside the graph's outputs. */
bool head_fits(const struct head *h, const struct graph *g);

/* Height and width of the image that the graph takes; false for none. */
bool head_input_size(const struct graph *g, int *height, int *width);
/* Input pixels for each cell: input / cells where that is whole, else the
 * smallest power of two that gives so few cells. */
float head_stride(int input, int cells);

#endif
