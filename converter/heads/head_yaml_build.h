/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_YAML_BUILD_H
#define DBC_CONVERTER_HEADS_HEAD_YAML_BUILD_H

#include "base/yaml_file.h"
#include "converter/heads/head.h"

#define HEAD_YAML_MAX_ANCHORS 65536 /* a level */

/* A part as the file gives it: numbers of `at` that are not given are
 * DBP_NONE, the output too where the whole part is not given. */
struct head_yaml_part {
	struct dbp_head_part at;
	uint32_t column; /* numbers of other parts before it */
};

struct head_yaml_level {
	struct dbp_head_level level;
	struct head_yaml_part box, size, object, score, points;
	const yaml_node_t *at;
	bool has_grid, has_stride, has_offset;
	uint32_t per_cell;       /* boxes of a cell; 0: not given */
	float *anchors;          /* anchor_numbers each */
	uint32_t anchor_count;   /* given; 0: none */
	uint32_t anchor_numbers; /* 2 or 4 */
};

struct head_yaml {
	struct yaml_file f;
	const struct graph *g;
	struct arena *arena;
	struct diag *d;
	struct head *out;
	struct dbp_head head;
	struct head_yaml_level levels[DBP_HEAD_MAX_LEVELS];
	uint32_t level_count;
	bool has_form, has_offset;
	float offset;
};

/* Names of enum dbp_box_form, DBP_BOX_FORMS of them, and the other choices. */
extern const char *const head_box_forms[];
extern const char *const head_point_forms[];
extern const char *const head_activations[];

/* Builds r->out from the file's contents; missing parts come from the graph.
 * -1 with a diagnostic. */
int head_yaml_build(struct head_yaml *r, const struct config *c);

#endif
